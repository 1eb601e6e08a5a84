"""The list of customers: brought in from outside as CSV, and kept apart from subscribers.

Errors: `ValidationFailed` (the file, with each line that is wrong), `InvalidTransition`.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import transaction

from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import InvalidTransition, ValidationFailed
from statuspage.core.mail_addresses import normalise_address
from statuspage.core.text import clean_line
from subscriptions.models import Customer

EMAIL, NAME = "email", "name"
COLUMNS = (EMAIL, NAME)
NAME_LENGTH = 200
MISTAKES_SHOWN = 20
AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRow:
    email: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did, or would do. `suppressed` are on the list, but their mail server takes nothing for them."""

    added: int
    changed: int
    unchanged: int
    removed: int
    suppressed: int


def read_customers(lines: Iterable[str]) -> list[CustomerRow]:
    """The rows of a CSV file with a header: `email`, and `name` if wanted; other columns are left alone.

    An address that is there twice counts once. Raises ValidationFailed with every line that is wrong: all or nothing.
    """
    found: dict[str, CustomerRow] = {}
    mistakes = []
    for line, email, name in _cells(lines):
        try:
            address = normalise_address(email)
        except ValidationFailed as error:
            mistakes.append(f"line {line}: {error.sentence}")
            continue
        found.setdefault(address, CustomerRow(email=address, name=clean_line(name)[:NAME_LENGTH].strip()))
    if mistakes:
        rest = len(mistakes) - MISTAKES_SHOWN
        more = [f"and {rest} more"] if rest > 0 else []
        listed = "\n  ".join([*mistakes[:MISTAKES_SHOWN], *more])
        raise ValidationFailed("file", f"Nothing was imported. These lines are not right:\n  {listed}")
    if not found:
        raise ValidationFailed("file", "Nothing was imported: the file names nobody.")
    return list(found.values())


@retry_on_conflict
@transaction.atomic
def import_customers(*, rows: Iterable[CustomerRow], replace: bool = False, dry_run: bool = False) -> Imported:
    """Put these on the list. `replace`: whoever is not among them is taken off it.

    Doing it twice changes nothing more. A suppressed address stays suppressed: the list says who is a customer, their
    mail server says whether mail arrives. `dry_run` writes nothing.
    """
    wanted = {row.email: row for row in sorted(rows, key=lambda row: row.email)}
    known = {customer.email: customer for customer in Customer.objects.select_for_update().order_by("pk")}
    new = [Customer(email=row.email, name=row.name) for email, row in wanted.items() if email not in known]
    kept = [known[email] for email in wanted if email in known]
    changed = [customer for customer in kept if _take_over(customer, wanted[customer.email])]
    gone = [row for email, row in known.items() if replace and email not in wanted and row.removed_at is None]
    if not dry_run:
        # In the order of their addresses, and leaving alone what another import has just written: two are no conflict.
        Customer.objects.bulk_create(new, batch_size=AT_ONCE, ignore_conflicts=True)
        Customer.objects.bulk_update(changed, ["name", "removed_at"], batch_size=AT_ONCE)
        for customer in gone:
            customer.removed_at = clock.now()
        Customer.objects.bulk_update(gone, ["removed_at"], batch_size=AT_ONCE)
    return Imported(
        added=len(new),
        changed=len(changed),
        unchanged=len(kept) - len(changed),
        removed=len(gone),
        suppressed=sum(customer.suppressed_at is not None for customer in kept),
    )


def export_customers() -> Iterator[tuple[str, str]]:
    """Address and name of each who is on the list, by address; not loaded all at once."""
    return Customer.objects.listed().order_by("email").values_list("email", "name").iterator(chunk_size=AT_ONCE)


def suppress_customer(*, customer_id: int, reason: str) -> None:
    """Their mail server says that nothing can be delivered: stop trying, and keep why for staff to see."""
    reachable = Customer.objects.filter(pk=customer_id, suppressed_at__isnull=True)
    reachable.update(suppressed_at=clock.now(), suppressed_reason=reason)


def lift_suppression(*, customer: Customer) -> None:
    """The address works again, somebody says. Raises InvalidTransition if it was not suppressed."""
    suppressed = Customer.objects.filter(pk=customer.pk, suppressed_at__isnull=False)
    if not suppressed.update(suppressed_at=None, suppressed_reason=""):
        raise InvalidTransition(f"{customer.email} is not suppressed.")
    customer.refresh_from_db()


def _take_over(customer: Customer, row: CustomerRow) -> bool:
    """Whether this changes anything. A file without names takes away none."""
    name = row.name or customer.name
    if customer.name == name and customer.removed_at is None:
        return False
    customer.name, customer.removed_at = name, None
    return True


def _cells(lines: Iterable[str]) -> Iterator[tuple[int, str, str]]:
    """Line number, address and name of each row that is not empty."""
    reader = csv.reader(lines)
    try:
        header = [clean_line(cell).lstrip("\ufeff").lower() for cell in next(reader, [])]
        if EMAIL not in header:
            raise ValidationFailed("file", "Nothing was imported: the first line has to name a column email.")
        places = [header.index(name) if name in header else None for name in COLUMNS]
        for row in reader:
            email, name = [row[at] if at is not None and at < len(row) else "" for at in places]
            if any(cell.strip() for cell in row):
                yield reader.line_num, email, name
    except csv.Error as error:
        raise ValidationFailed("file", f"Nothing was imported: line {reader.line_num} is no CSV ({error}).") from None
