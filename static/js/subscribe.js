// Two conveniences of the form of a choice; without a script it is complete.
(() => {
  "use strict";

  // The browser's time zone is offered, not chosen: whoever opens the page of somebody else's choice changes nothing.
  const zones = document.querySelector("select[data-guess]");
  const guess = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zones && guess && zones.value !== guess) {
    const offer = document.createElement("button");
    offer.type = "button";
    offer.className = "offer";
    offer.textContent = `Use this device’s: ${guess.replaceAll("_", " ")}`;
    offer.addEventListener("click", () => {
      if (![...zones.options].some((option) => option.value === guess)) zones.add(new Option(guess, guess));
      zones.value = guess;
      zones.focus();
      offer.remove();
    });
    zones.after(offer);
  }

  // A tick for all of a group ticks each of them, and goes when one of them goes.
  for (const group of document.querySelectorAll("fieldset.of-group")) {
    const all = group.querySelector('input[name="groups"]');
    if (!all) continue;
    const each = [...group.querySelectorAll('input[name="components"]')];
    if (all.checked) for (const one of each) one.checked = true;
    group.addEventListener("change", ({ target }) => {
      if (target === all) for (const one of each) one.checked = all.checked;
      else if (!target.checked) all.checked = false;
    });
  }
})();
