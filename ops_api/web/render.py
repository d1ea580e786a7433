"""Templates: the Jinja environment and what each template may call."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from pathlib import Path

import jinja2

from ops_api.access.forms import form_mark, mark_shown
from ops_api.access.menus import leads_on, may_open
from ops_api.web import words
from ops_api.web.brand import Brand

STATIC = Path(str(resources.files("ops_api.web").joinpath("static")))


@cache
def asset(path: str) -> str:
    """Return the address of a static file with a digest of its content, so that browsers may keep it."""
    digest = hashlib.blake2b((STATIC / path).read_bytes(), digest_size=5).hexdigest()
    return f"/static/{path}?v={digest}"


def environment() -> jinja2.Environment:
    """Return how our templates are read, without what they may call."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("ops_api.web"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


class Templates:
    """Renders the pages of one brand. Everything is escaped unless a template says otherwise."""

    def __init__(self, brand: Brand) -> None:
        self._environment = environment()
        self._environment.globals.update(asset=asset, brand=brand, form_mark=form_mark, mark_shown=mark_shown)
        self._environment.globals.update(may_open=may_open, leads_on=leads_on)
        self._environment.filters.update(plural=words.plural, number=words.number, degrees=words.degrees)

    def render(self, template: str, **content: object) -> str:
        """Return the page or fragment."""
        return self._environment.get_template(template).render(**content)
