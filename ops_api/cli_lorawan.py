"""``cityops lorawan``: servers, sensors, codecs, what came in and what goes out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import AsJson, By, name_of, through
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from ingest.bridge.book import LorawanBook

app = group("LoRaWAN: network servers, sensors, codecs, what came in and what goes out.")

Eui = Annotated[str, typer.Argument(metavar="DEVEUI", help="16 hexadecimal digits, as on the label.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many of the newest.")]
Note = Annotated[str, typer.Option(help="For people.")]


@app.command(epilog=examples("cityops lorawan sources", "cityops lorawan sources --json"))
def sources(as_json: AsJson = False) -> None:
    """List the network servers, whether they are connected, and how much came from each."""
    _listed(lambda book: book.sources(), "source_lines", as_json)


@app.command(
    "add-source",
    epilog=examples(
        "cityops lorawan add-source ttn --protocol ttn_v3 --host eu1.cloud.thethings.network --application my-bins@ttn \\",
        "    --username my-bins@ttn --password-file /etc/cityops/ttn-key",
        "cityops lorawan add-source roads --protocol chirpstack_v4 --host chirpstack.lan --no-tls",
        "cityops lorawan add-source ttn-hook --protocol ttn_v3 --webhook    # prints the token, once",
    ),
)
def add_source(
    name: Annotated[str, typer.Argument(help="Lower case letters, digits and -.")],
    protocol: Annotated[str, typer.Option(help="ttn_v3 or chirpstack_v4.")],
    webhook: Annotated[
        bool, typer.Option("--webhook", help="The server calls us; without: we connect by MQTT.")
    ] = False,
    host: Annotated[str | None, typer.Option(help="Of the server's MQTT.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="8883 with TLS, 1883 without.")] = None,
    tls: Annotated[
        bool, typer.Option("--tls/--no-tls", help="Without only within one machine or network of your own.")
    ] = True,
    tls_ca: Annotated[
        Path | None, typer.Option(help="Certificates to trust, where not the system's.")
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(help="Certificate of ours (ChirpStack asks for one).")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key.")] = None,
    username: Annotated[str | None, typer.Option(help="The Things Stack: application@tenant.")] = None,
    password_file: Annotated[
        Path | None, typer.Option(help="File with the password or API key, which the ingester reads.")
    ] = None,
    application: Annotated[
        str | None, typer.Option(help="Only this one; The Things Stack: application@tenant.")
    ] = None,
    topic: Annotated[
        list[str] | None, typer.Option(help="Instead of the server's usual topics; may be given again.")
    ] = None,
    client_id: Annotated[str | None, typer.Option(help="MQTT client id; made of chance without.")] = None,
    by: By = "",
) -> None:
    """Add a network server. The ingester connects within seconds."""
    from ingest.bridge.book import NewSource

    given = {
        "host": host, "port": port, "tls_ca": tls_ca, "tls_cert": tls_cert, "tls_key": tls_key, "username": username,
        "password_file": password_file, "application": application, "topics": topic or None, "client_id": client_id,
    }  # fmt: skip
    told = {
        key: str(value.resolve()) if isinstance(value, Path) else value
        for key, value in given.items()
        if value is not None
    }
    if webhook and told:
        raise ConfigurationError(
            f"--webhook: the server calls us, so --{next(iter(told)).replace('_', '-')} has no meaning"
        )
    if not webhook:
        told["tls"] = tls
    new = NewSource(name=name, protocol=protocol, transport="webhook" if webhook else "mqtt", settings=told)
    who = name_of(by)
    token = _with_book(lambda book: book.add_source(new, who))
    typer.echo(f"source {name} added")
    if token:
        typer.echo(f"address: https://YOUR-SITE/lorawan/{name}")
        typer.echo(f"header:  X-Webhook-Token: {token}")
        typer.echo("The token is not kept and can't be shown again.")


@app.command(epilog=examples("cityops lorawan enable ttn", "cityops lorawan enable ttn --off"))
def enable(name: str, off: Annotated[bool, typer.Option("--off", help="Switch it off.")] = False) -> None:
    """Switch a server on, or off."""
    _with_book(lambda book: book.set_enabled(name, not off))
    typer.echo(f"source {name} is {'off' if off else 'on'}")


@app.command(epilog=examples("cityops lorawan devices", "cityops lorawan devices --json"))
def devices(as_json: AsJson = False) -> None:
    """List the sensors that are devices: when and how well each was heard, its battery."""
    _listed(lambda book: book.devices(), "device_lines", as_json)


@app.command(epilog=examples("cityops lorawan unknown"))
def unknown(as_json: AsJson = False) -> None:
    """List the sensors that were heard and are no device yet."""
    _listed(lambda book: book.unknown(), "unknown_lines", as_json)


@app.command(
    epilog=examples(
        "cityops lorawan bind 24E124136B502217 bin-012 --codec milesight-distance",
        "cityops lorawan bind a840411c3182d9aa bin-013 --codec dragino-ldds75 --installation '{\"ds18b20\": true}'",
        "cityops lorawan bind 70b3d57ba0000bbb bin-014 --codec my-bins@3 --source ttn",
    )
)
def bind(
    dev_eui: Eui,
    device: Annotated[str, typer.Argument(help="Name of a registered device.")],
    codec: Annotated[str, typer.Option(help="Name, or name@version; see `cityops lorawan codecs`.")],
    source: Annotated[str | None, typer.Option(help="The only server it may come from.")] = None,
    installation: Annotated[
        str | None, typer.Option(metavar="JSON", help="What the codec is to know of how it is mounted.")
    ] = None,
    note: Note = "",
    by: By = "",
) -> None:
    """Say which device a sensor is. What came of it before is stored now."""
    who, params = name_of(by), _json(installation, "--installation")
    bound = _with_book(lambda book: book.bind(dev_eui, device, codec, who, source, params, note))
    typer.echo(
        f"sensor {dev_eui.lower()} is {bound.device}, by {bound.codec}; {bound.again} events are tried again"
    )


@app.command(epilog=examples("cityops lorawan unbind 24e124136b502217"))
def unbind(dev_eui: Eui, by: By = "") -> None:
    """End it: what the sensor sends from now on is kept, and belongs to nobody."""
    who = name_of(by)
    device = _with_book(lambda book: book.unbind(dev_eui, who))
    typer.echo(f"sensor {dev_eui.lower()} is {device} no more")


@app.command(epilog=examples("cityops lorawan codecs"))
def codecs(as_json: AsJson = False) -> None:
    """List the decoders that are built in and those that were added."""
    _listed(lambda book: book.codecs(), "codec_lines", as_json)


@app.command(
    "add-codec",
    epilog=examples(
        "cityops lorawan add-codec my-bins --kind bin --map my-bins.toml",
        "cityops lorawan add-codec their-bins --kind bin --map their-bins.json --javascript vendor.js",
    ),
)
def add_codec(
    name: Annotated[str, typer.Argument(help="Lower case letters, digits, -, _ and dots.")],
    kind: Annotated[str, typer.Option(help="Kind of device, as `cityops kinds`.")],
    field_map: Annotated[Path, typer.Option("--map", help="TOML or JSON: which field comes from where.")],
    javascript: Annotated[Path | None, typer.Option(help="The maker's decodeUplink(input) (TS013).")] = None,
    note: Note = "",
    by: By = "",
) -> None:
    """Add a version of a codec. Bindings stay with the version that they name until they are made anew."""
    from ingest.bridge.book import NewCodec
    from ops_api.wiring_codecs import fault_of

    language = "map" if javascript is None else "javascript"
    body = "" if javascript is None else _text(javascript)
    if javascript is not None and (why := fault_of(body)):
        raise ConfigurationError(f"{javascript}: the codec can't be used: {why}")
    new = NewCodec(name=name, language=language, kind=kind, body=body, field_map=_map(field_map), note=note)
    who = name_of(by)
    version = _with_book(lambda book: book.add_codec(new, who))
    typer.echo(f"codec {name} version {version} added")


@app.command(
    epilog=examples(
        "cityops lorawan inbox",
        "cityops lorawan inbox --events --state dead",
        "cityops lorawan inbox --device 24e124136b502217",
    )
)
def inbox(
    events: Annotated[
        bool, typer.Option("--events", help="The newest events instead of the counts.")
    ] = False,
    device: Annotated[str | None, typer.Option(metavar="DEVEUI", help="Events of this sensor.")] = None,
    state: Annotated[str | None, typer.Option(help="waiting, stored or dead.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Count what came in by what became of it, or list the newest events."""
    if state not in (None, "waiting", "stored", "dead"):
        raise ConfigurationError(f"--state {state!r}: waiting, stored or dead")
    if events or device is not None or state is not None:
        _listed(lambda book: book.events(device, state, limit), "event_lines", as_json)
    else:
        _listed(lambda book: book.inbox(), "inbox_lines", as_json)


@app.command(
    epilog=examples(
        "cityops lorawan replay --device 24e124136b502217",
        "cityops lorawan replay --reason not_decoded",
        "cityops lorawan replay 4711",
    )
)
def replay(
    event_ids: Annotated[
        list[int] | None, typer.Argument(min=1, metavar="ID", help="From `cityops lorawan inbox --events`.")
    ] = None,
    device: Annotated[str | None, typer.Option(metavar="DEVEUI", help="Events of this sensor.")] = None,
    reason: Annotated[str | None, typer.Option(help="Events set aside for this reason.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that were set aside.")] = False,
) -> None:
    """Have what was set aside decoded and stored after all: its sensor was bound since, its codec mended."""
    if not (event_ids or device or reason or everything):
        raise ConfigurationError("say which: numbers, --device, --reason, or --all")
    again = _with_book(lambda book: book.replay(device, reason, event_ids or None))
    typer.echo(f"{again} events are tried again")


@app.command(
    epilog=examples(
        "cityops lorawan downlink 24e124136b502217 --interval 1800",
        "cityops lorawan downlink 24e124136b502217 --port 85 --hex ff10ff --confirmed",
        "cityops lorawan downlink --list",
    )
)
def downlink(
    dev_eui: Annotated[str | None, typer.Argument(metavar="DEVEUI", help="To which sensor.")] = None,
    interval: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Its reporting interval; of makes that are known.")
    ] = None,
    port: Annotated[int | None, typer.Option(min=1, max=223, help="With --hex.")] = None,
    payload: Annotated[str | None, typer.Option("--hex", help="The maker's bytes.")] = None,
    confirmed: Annotated[bool, typer.Option("--confirmed", help="The sensor is to acknowledge it.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="What was sent, and what became of it.")] = False,
    limit: Limit = 20,
    as_json: AsJson = False,
    by: By = "",
) -> None:
    """Send a setting to a sensor. It waits at the server until the sensor has sent something."""
    if listed or dev_eui is None:
        _listed(lambda book: book.downlinks(limit), "downlink_lines", as_json)
        return
    eui, who = dev_eui, name_of(by)

    async def send(book: LorawanBook) -> tuple[int, str]:
        message = await _message(book, eui, interval, port, payload)
        return await book.queue(eui, message, who, confirmed), message.what

    number, what = _with_book(send)
    typer.echo(f"downlink {number} queued: {what}")


async def _message(
    book: LorawanBook, dev_eui: str, interval: float | None, port: int | None, payload: str | None
) -> Any:
    from ingest.core.lorawan.downlinks import Message, interval_message

    if (interval is None) == (payload is None):
        raise ConfigurationError("give --interval, or --port and --hex")
    try:
        if interval is not None:
            return interval_message(await book.interval_name(dev_eui), interval)
        bytes_ = bytes.fromhex(payload or "")
    except ValueError as e:
        raise ConfigurationError(
            str(e) if interval is not None else f"--hex {payload!r}: pairs of hexadecimal digits"
        ) from e
    if port is None or not 1 <= len(bytes_) <= 242:
        raise ConfigurationError("--hex wants --port, and 1 to 242 bytes")
    return Message(f_port=port, payload=bytes_, what=f"bytes {bytes_.hex()}")


def _map(path: Path) -> Any:
    import json
    import tomllib

    text = _text(path)
    try:
        return json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as e:
        raise ConfigurationError(f"{path}: {e}") from e


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as e:
        raise ConfigurationError(f"{path} is no text in UTF-8") from e


def _json(text: str | None, option: str) -> Any:
    import json

    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError) as e:
        raise ConfigurationError(f"{option}: {e}") from e


def _listed(
    look: Callable[[LorawanBook], Awaitable[list[dict[str, Any]]]], lines: str, as_json: bool
) -> None:
    from ops_api import lorawan_text

    rows = _with_book(look)
    typer.echo(lorawan_text.as_json(rows) if as_json else "\n".join(getattr(lorawan_text, lines)(rows)))


def _with_book(work: Callable[[LorawanBook], Awaitable[Any]]) -> Any:
    from ops_api.wiring_lorawan import book_of

    return through(book_of, work)
