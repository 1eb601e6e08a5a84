// The visitor's side of the page: times in the visitor's zone, and a refresh that rests while the tab is hidden.
// Everything here is an addition: without it the page is complete and its times are right, in the page's zone.
(() => {
  "use strict";
  const SECOND = 1000;
  const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const day = { day: "numeric", month: "short", ...time };
  const writers = {
    near: new Intl.DateTimeFormat("en-GB", time),
    day: new Intl.DateTimeFormat("en-GB", day),
    full: new Intl.DateTimeFormat("en-GB", { year: "numeric", ...day }),
  };
  // Each English knows letters for the zones at home (CET, EST, AEDT) and "GMT-5" for the others.
  const zones = ["en-GB", "en-US", "en-AU", "en-IN"].map((name) => new Intl.DateTimeFormat(name, { timeZoneName: "short" }));
  function zone(moment) {
    const names = zones.map((one) => one.formatToParts(moment).find((part) => part.type === "timeZoneName").value);
    return names.find((name) => !/^GMT[+-]/.test(name)) ?? names[0];
  }
  const write = (style, moment) => `${writers[style].format(moment)} ${zone(moment)}`;

  // How far the visitor's clock is off ours, learnt from the Date of each answer.
  let skew = 0;
  const now = () => Date.now() + skew;

  function ago(moment) {
    const seconds = Math.max(0, Math.round((now() - moment) / SECOND));
    if (seconds < 60) return seconds === 1 ? "1 second ago" : `${seconds} seconds ago`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return minutes === 1 ? "1 minute ago" : `${minutes} minutes ago`;
    return `at ${write("day", moment)}`;
  }

  // As the server writes it: minutes up to an hour and a half, then hours and minutes, then days and hours.
  function elapsed(moment) {
    const minutes = Math.max(0, Math.floor((now() - moment) / (60 * SECOND)));
    if (minutes <= 90) return `${minutes}m`;
    const parts = [[Math.floor(minutes / 1440), "d"], [Math.floor((minutes % 1440) / 60), "h"], [minutes % 60, "m"]];
    return parts.filter(([number]) => number).slice(0, 2).map(([number, unit]) => `${number}${unit}`).join(" ");
  }

  function near(moment) {
    const today = new Date(now());
    if (moment.toDateString() === today.toDateString()) return write("near", moment);
    return write(Math.abs(today - moment) < 180 * 86400 * SECOND ? "day" : "full", moment);
  }

  const told = { ago, near, elapsed, full: (moment) => write("full", moment) };

  // Everything the server cannot know: the visitor's zone, how long ago, that there is a script.
  function enliven(root) {
    for (const element of root.querySelectorAll("time[datetime][data-style]")) {
      const moment = new Date(element.dateTime);
      if (isNaN(moment)) continue;
      const style = element.dataset.style;
      element.textContent = (told[style] ?? near)(moment);
      if (style === "ago") element.previousElementSibling?.matches(".at") && (element.previousElementSibling.hidden = true);
    }
    for (const element of root.querySelectorAll(".auto")) element.hidden = false;
  }

  // Make `old` say what `fresh` says, touching only what differs: what is being read, selected, focused or unfolded stays.
  function morph(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || old.id !== fresh.id) {
      old.replaceWith(fresh);
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) {
      old.nodeValue = fresh.nodeValue;
      return;
    }
    const isDetails = old.nodeName === "DETAILS";
    if (isDetails && fresh.open && old.className !== fresh.className) old.open = true;
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !(isDetails && name === "open")) old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value && !(isDetails && name === "open")) old.setAttribute(name, value);
    }
    const kept = [...old.childNodes];
    const wanted = [...fresh.childNodes];
    const byId = new Map(kept.filter((node) => node.id).map((node) => [node.id, node]));
    const used = new Set();
    let place = 0;
    for (const node of wanted) {
      const same = node.id ? byId.get(node.id) : kept.find((one) => !used.has(one) && !one.id && one.nodeName === node.nodeName);
      if (!same) {
        old.insertBefore(node, old.childNodes[place] ?? null);
      } else {
        used.add(same);
        if (old.childNodes[place] !== same) old.insertBefore(same, old.childNodes[place] ?? null);
        morph(same, node);
      }
      place += 1;
    }
    while (old.childNodes.length > wanted.length) old.lastChild.remove();
  }

  // Bars are days in a row that end with `until`.
  function dayOf(bar, until) {
    const bars = [...bar.parentNode.children];
    return new Date(Date.parse(until) - (bars.length - 1 - bars.indexOf(bar)) * 86400 * SECOND);
  }

  // In a list a bar leads to its day, as the links of the component's own page do.
  document.addEventListener("click", ({ target }) => {
    const until = target.nodeName === "rect" && target.ownerSVGElement.dataset.until;
    const link = until && target.closest(".row")?.querySelector(".top a");
    if (link) location.assign(`${link.pathname}${dayOf(target, until).toISOString().slice(0, 10)}/`);
  });

  // The days with nothing to tell have no tooltip of their own: theirs is their date, made when it is asked for.
  document.addEventListener("pointerover", ({ target }) => {
    const until = target.nodeName === "rect" && !target.firstChild && target.ownerSVGElement.dataset.until;
    if (!until) return;
    const date = dayOf(target, until);
    const title = document.createElementNS(target.namespaceURI, "title");
    const name = date.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
    title.textContent = `${name}: ${target.matches(".none") ? "no data" : "operational"}`;
    target.append(title);
  });

  const live = document.getElementById("live");
  enliven(document);
  if (!live) return;

  const banner = () => document.getElementById("p-banner");
  const refreshEvery = () => Number(banner()?.dataset.refresh || 30) * SECOND;
  let askedAt = Date.now();
  let isAsking = false;

  function show(text) {
    const before = banner()?.dataset.title;
    const fresh = document.createElement("div");
    fresh.append(document.createRange().createContextualFragment(text));
    enliven(fresh);
    fresh.id = live.id;
    // At the top the news may come in above; further down what is being read stays where it is.
    const anchor = window.scrollY > 0 ? document.elementFromPoint(window.innerWidth / 2, window.innerHeight / 3)?.closest("#live [id]") : null;
    const top = anchor?.getBoundingClientRect().top;
    morph(live, fresh);
    if (anchor?.isConnected) window.scrollBy({ top: anchor.getBoundingClientRect().top - top, behavior: "instant" });
    const { title, icon } = banner().dataset;
    if (icon) document.getElementById("icon")?.setAttribute("href", icon);
    if (title !== before) {
      document.title = title;
      document.getElementById("announce").textContent = banner().querySelector("h1").textContent;
    }
  }

  function tellAge() {
    const generated = new Date(banner()?.dataset.generated);
    const note = document.getElementById("age");
    const isOld = now() - generated > 3 * refreshEvery() + 10 * SECOND;
    if (isOld) note.querySelector("time").textContent = near(generated);
    note.hidden = !isOld;
  }

  function refresh() {
    if (isAsking || document.hidden || !window.htmx) return;
    askedAt = Date.now();
    window.htmx.trigger(live.querySelector(".reload"), "refresh");
  }

  document.body.addEventListener("htmx:beforeRequest", () => { isAsking = true; });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    isAsking = false;
    const { xhr, successful } = event.detail;
    if (!successful) return;
    // A cache on the way hands on the Date of when the answer was new, and says in Age how long that is ago.
    const date = Date.parse(xhr.getResponseHeader("Date")) + Number(xhr.getResponseHeader("Age") || 0) * SECOND;
    if (date) skew = Math.abs(date - Date.now()) > 2 * SECOND ? date - Date.now() : 0;
    show(xhr.responseText);
    tellAge();
  });
  setInterval(() => {
    if (document.hidden) return;
    for (const element of live.querySelectorAll('time[data-style="ago"], time[data-style="elapsed"]')) element.textContent = told[element.dataset.style](new Date(element.dateTime));
    tellAge();
    if (Date.now() - askedAt >= refreshEvery()) refresh();
  }, SECOND);
  const wake = () => { if (!document.hidden && Date.now() - askedAt > 5 * SECOND) refresh(); };
  document.addEventListener("visibilitychange", wake);
  window.addEventListener("focus", wake);
})();
