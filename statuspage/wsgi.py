"""The WSGI entry point that Granian serves: the gateway, with Django behind it.

Importing this module starts the publisher's thread; management commands do not import it.
"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")

django_application = get_wsgi_application()

# Django is set up from here on.
from statuspage.core.postgresql import patience
from statuspage.web.health.views import PROBE_ANSWERS
from statuspage.web.publication.gateway import Gateway
from statuspage.web.publication.publisher import publisher

# A database that hangs must not hold the threads that serve: the publisher finds out, everyone else gives up.
patience.watch_database(publisher.database_is_silent)
publisher.start()
application = Gateway(django_application, publisher, probe_answers=PROBE_ANSWERS)
