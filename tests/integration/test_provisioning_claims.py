"""Claims on a real database: who gets in by a label, who does not, and what attackers try."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from devices.contract.claim_code import RANDOM_BYTES, make_code, plain_code
from devices.contract.provisioning import ClaimRequest, RotateRequest, make_verifier
from devices.contract.update.manifest import read_keys
from ingest.fleet.bundles.keys import make_key, make_list
from ingest.fleet.updates.shelf import Shelf
from ops_api.provisioning.claim_limits import (
    ROTATIONS_OF_DEVICE_AN_HOUR,
    ROTATIONS_OF_NETWORK_AN_HOUR,
    TRIES_AN_HOUR,
)
from ops_api.provisioning.claiming import ClaimRefusedError
from ops_api.provisioning.desk import NoSuchDeviceError
from ops_api.provisioning.ports import ProvisioningRefusedError
from ops_api.provisioning.signing import DeviceAuthority
from ops_api.queries import OneConnection
from tests.fakes.provisioned import NETWORK, WHO, Card, Office, authority, office_on, request_for


@pytest.fixture
async def office(db_dsn: str) -> AsyncIterator[Office]:
    async with office_on(db_dsn) as made:
        yield made


def some_code() -> str:
    return make_code(secrets.token_bytes(RANDOM_BYTES))


async def refused(office: Office, code: str, card: Card, address: str = NETWORK) -> int:
    with pytest.raises(ClaimRefusedError) as told:
        await office.claim(code, card, address)
    return told.value.status


async def rotated(office: Office, name: str, old: str, verifier: str) -> None:
    request = RotateRequest(verifier=verifier)
    await office.claiming.rotate(name, old, request, NETWORK, datetime.now(UTC))


async def test_a_label_gives_a_device_its_name_and_its_credential_counts(office: Office) -> None:
    await office.desk.add("frog-1", "frog", WHO)
    assert await office.state("frog-1") == "unclaimed"
    label = await office.desk.label("frog-1", WHO)
    card = Card()
    answer = await office.claim(label.code.lower().replace("-", " "), card)
    assert (answer.name, answer.kind, answer.host, answer.port) == (
        "frog-1",
        "frog",
        "mqtt.council.example",
        8883,
    )
    device = await office.desk.of("frog-1")
    assert (device["state"], device["credential"], device["label_used"]) == ("active", "token", True)
    acts, _ = await office.desk.history(device["device_id"])
    assert [a["act"] for a in acts] == ["claimed", "labelled", "added"]


async def test_nothing_of_code_or_password_is_in_the_database(office: Office, db_dsn: str) -> None:
    await office.desk.add("frog-1", "frog", WHO)
    label, card = await office.desk.label("frog-1", WHO), Card()
    await office.claim(label.code, card)
    async with await psycopg.AsyncConnection.connect(db_dsn) as conn:
        for table in ("device_claim", "device_credential", "device_act", "device_state"):
            rows = await (await conn.execute(f"select t::text from {table} t")).fetchall()
            text = " ".join(row[0] for row in rows)
            assert rows
            assert (plain_code(label.code) or "x") not in text
            assert label.code not in text
            assert card.password not in text


async def test_the_same_card_may_ask_again_and_gets_the_same(office: Office) -> None:
    await office.desk.add("frog-1", "frog", WHO)
    label, card = await office.desk.label("frog-1", WHO), Card()
    first = await office.claim(label.code, card)
    assert await office.claim(label.code, card) == first
    rows = await office.db.rows("device_acts", device_id=(await office.desk.of("frog-1"))["device_id"])
    assert [row["act"] for row in rows].count("claimed") == 1


async def test_a_used_code_gives_nothing_to_another_card_nor_another_password(office: Office) -> None:
    await office.desk.add("frog-1", "frog", WHO)
    label, card = await office.desk.label("frog-1", WHO), Card()
    await office.claim(label.code, card)
    assert await refused(office, label.code, Card()) == 409
    assert await refused(office, label.code, Card(install=card.install)) == 409
    known = await office.db.row("credential_now", device_id=(await office.desk.of("frog-1"))["device_id"])
    assert known is not None
    assert known["verifier"] == card.verifier


async def test_a_code_opens_its_own_device_alone(office: Office) -> None:
    for name in ("frog-1", "frog-2"):
        await office.desk.add(name, "frog", WHO)
    code = (await office.desk.label("frog-2", WHO)).code
    assert (await office.claim(code, Card())).name == "frog-2"
    assert await office.state("frog-1") == "unclaimed"


async def test_a_new_label_voids_the_one_before_and_an_old_one_expires(office: Office) -> None:
    await office.desk.add("frog-1", "frog", WHO)
    first = await office.desk.label("frog-1", WHO)
    second = await office.desk.label("frog-1", WHO, timedelta(seconds=-1))
    assert await refused(office, first.code, Card()) == 404
    assert await refused(office, second.code, Card()) == 404


async def test_guessing_locks_out_the_network_that_guesses_and_nobody_else(office: Office) -> None:
    await office.desk.add("frog-1", "frog", WHO)
    label = await office.desk.label("frog-1", WHO)
    for _ in range(TRIES_AN_HOUR):
        assert await refused(office, some_code(), Card()) == 404
    assert await refused(office, some_code(), Card()) == 429
    assert await refused(office, label.code, Card()) == 429
    assert (await office.claim(label.code, Card(), "192.0.2.8")).name == "frog-1"


async def wrongly(office: Office, name: str, address: str = NETWORK) -> int:
    """Ask for a rotation with a wrong password; return what is answered."""
    request = RotateRequest(verifier=Card().verifier)
    with pytest.raises(ClaimRefusedError) as told:
        await office.claiming.rotate(name, "wrong", request, address, datetime.now(UTC))
    return told.value.status


async def test_wrong_rotations_keep_nobody_of_their_network_from_claiming_nor_wrong_codes_from_rotating(
    office: Office,
) -> None:
    card = await office.provisioned("frog-1")
    await office.desk.add("frog-2", "frog", WHO)
    label = await office.desk.label("frog-2", WHO)
    for expected in (*[401] * ROTATIONS_OF_DEVICE_AN_HOUR, 429):
        assert await wrongly(office, "frog-1") == expected
    assert (await office.claim(label.code, Card())).name == "frog-2"
    for expected in (*[404] * TRIES_AN_HOUR, 429):
        assert await refused(office, some_code(), Card()) == expected
    request = RotateRequest(verifier=Card().verifier)
    await office.claiming.rotate("frog-1", card.password, request, "192.0.2.8", datetime.now(UTC))


async def test_a_device_that_asks_wrongly_again_and_again_holds_up_no_other_of_its_network(
    office: Office,
) -> None:
    await office.provisioned("frog-1")
    other = await office.provisioned("frog-2")
    for _ in range(ROTATIONS_OF_NETWORK_AN_HOUR + 1):
        status = await wrongly(office, "frog-1")
    assert status == 429
    with pytest.raises(ClaimRefusedError, match="from this device"):
        await rotated(office, "frog-1", "wrong", Card().verifier)
    await rotated(office, "frog-2", other.password, Card().verifier)


async def test_who_goes_through_names_is_held_up_with_his_network_and_nobody_else(office: Office) -> None:
    card = await office.provisioned("frog-1")
    for number in range(ROTATIONS_OF_NETWORK_AN_HOUR):
        assert await wrongly(office, f"frog-{number // 5 + 2}") == 401
    assert await wrongly(office, "frog-999") == 429
    with pytest.raises(ClaimRefusedError, match="from this network"):
        await rotated(office, "frog-1", card.password, Card().verifier)
    assert await wrongly(office, "frog-1", "192.0.2.8") == 401


async def test_slips_are_found_before_anything_is_asked_and_count_for_nothing(office: Office) -> None:
    for _ in range(TRIES_AN_HOUR + 1):
        assert await refused(office, "7K2MX0-QA9WZT-H3F5QD"[:-1] + "!", Card()) == 422
    assert await refused(office, some_code(), Card()) == 404


@pytest.mark.parametrize(
    "verifier",
    [
        "secret",
        "$7$101$c2FsdHNhbHRzYWx0$" + "A" * 86 + "==\nroot:x",
        "$7$900000$c2FsdHNhbHRzYWx0$" + "A" * 86 + "==",
        "$6$c2FsdHNhbHRzYWx0$" + "A" * 86 + "==",
    ],
)
async def test_what_could_break_the_brokers_file_is_refused(office: Office, verifier: str) -> None:
    request = ClaimRequest(code=some_code(), install="a" * 32, verifier=verifier)
    with pytest.raises(ClaimRefusedError) as told:
        await office.claiming.claim(request, NETWORK, datetime.now(UTC))
    assert told.value.status == 422


@pytest.mark.parametrize(
    "name", ["../passwd", "a/b", "A", "frog#", "ingest", "devices", "x" * 64, "", "a\nb"]
)
async def test_names_that_are_paths_topics_or_services_are_refused(office: Office, name: str) -> None:
    with pytest.raises(ProvisioningRefusedError, match="name"):
        await office.desk.add(name, "frog", WHO)


async def test_after_a_revocation_neither_password_nor_label_opens_anything(office: Office) -> None:
    card = await office.provisioned("frog-1")
    label = await office.desk.label("frog-1", WHO)
    await office.desk.revoke("frog-1", WHO, "stolen")
    assert await refused(office, label.code, card) == 404
    with pytest.raises(ClaimRefusedError) as told:
        await rotated(office, "frog-1", card.password, Card().verifier)
    assert told.value.status == 401
    device = await office.desk.of("frog-1")
    assert (device["state"], device["reason"], device["credential"]) == ("unclaimed", "revoked: stolen", None)
    answer = await office.claim((await office.desk.label("frog-1", WHO)).code, Card())
    assert answer.name == "frog-1"


async def test_a_retired_device_has_no_label_and_its_code_opens_nothing(office: Office) -> None:
    await office.desk.add("frog-1", "frog", WHO)
    label = await office.desk.label("frog-1", WHO)
    await office.desk.retire("frog-1", WHO, "broken")
    assert await refused(office, label.code, Card()) == 404
    with pytest.raises(ProvisioningRefusedError, match="retired"):
        await office.desk.label("frog-1", WHO)


async def test_what_there_is_not_is_told(office: Office) -> None:
    for act in (office.desk.label("no", WHO), office.desk.revoke("no", WHO, "x"), office.desk.of("no")):
        with pytest.raises(NoSuchDeviceError):
            await act
    await office.desk.add("frog-1", "frog", WHO)
    with pytest.raises(ProvisioningRefusedError, match="already"):
        await office.desk.add("frog-1", "frog", WHO)
    with pytest.raises(ProvisioningRefusedError, match="kind"):
        await office.desk.add("frog-2", "toad", WHO)


async def test_a_password_is_rotated_by_the_one_before_and_a_lost_answer_may_be_asked_for(
    office: Office,
) -> None:
    card, following = await office.provisioned("frog-1"), Card()
    await rotated(office, "frog-1", card.password, following.verifier)
    await rotated(office, "frog-1", card.password, following.verifier)  # the answer was lost
    with pytest.raises(ClaimRefusedError) as told:  # with the old one nothing else is had
        await rotated(office, "frog-1", card.password, Card().verifier)
    assert told.value.status == 401
    last = Card()
    await rotated(office, "frog-1", following.password, last.verifier)
    with pytest.raises(ClaimRefusedError):
        await rotated(office, "frog-1", card.password, last.verifier)


async def test_a_claim_is_told_whose_updates_to_believe_once_there_is_somebody(office: Office) -> None:
    await office.desk.add("frog-1", "frog", WHO)
    card, code = Card(), (await office.desk.label("frog-1", WHO)).code
    assert (await office.claim(code, card)).update_keys == ""
    root, release = make_key(), make_key()
    listed = make_list(7, 1_790_000_000, [root.key], [release.key], [root])
    await Shelf(OneConnection(office.conn)).put_keys(read_keys(listed.text.encode()), WHO)
    told = read_keys((await office.claim(code, card)).update_keys.encode())
    assert (told.root, told.release) == ((root.key,), (release.key,))
    assert told.serial == 1, "below any list that the root signs from now on"


async def test_another_devices_password_rotates_nothing(office: Office) -> None:
    mine, yours = await office.provisioned("frog-1"), await office.provisioned("frog-2")
    for name, password in (("frog-1", yours.password), ("frog-1", ""), ("no-such", mine.password)):
        with pytest.raises(ClaimRefusedError) as told:
            await rotated(office, name, password, Card().verifier)
        assert told.value.status == 401
        assert str(told.value) == "the present credential does not prove it"


async def test_certificates_are_for_the_codes_device_whatever_the_request_says(
    db_dsn: str, tmp_path: Path
) -> None:
    signer = DeviceAuthority(*authority(tmp_path))
    async with office_on(db_dsn, signer) as office:
        await office.desk.add("frog-1", "frog", WHO)
        key, following = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        code = (await office.desk.label("frog-1", WHO)).code
        request = ClaimRequest(code=code, install="c" * 32, csr=request_for(key, "frog-2"))
        answer = await office.claiming.claim(request, NETWORK, datetime.now(UTC))
        shown = x509.load_pem_x509_certificate(answer.certificate.encode())
        assert shown.subject.rfc4514_string() == "CN=frog-1"
        again = await office.claiming.claim(request, NETWORK, datetime.now(UTC))
        assert again.name == "frog-1"

        csr = request_for(following)

        async def rotate(signing: ec.EllipticCurvePrivateKey) -> str:
            signature = base64.b64encode(signing.sign(csr.encode(), ec.ECDSA(hashes.SHA256()))).decode()
            request = RotateRequest(csr=csr, certificate=again.certificate, signature=signature)
            made = await office.claiming.rotate("frog-1", "", request, NETWORK, datetime.now(UTC))
            return made.certificate

        with pytest.raises(ClaimRefusedError) as told:
            await rotate(following)
        assert told.value.status == 401
        for _ in range(3):  # its answers are lost: it shows the same certificate, and is given another
            assert "BEGIN CERTIFICATE" in await rotate(key)
        assert await office.db.rows("revoked_certificates") == [], "whichever of them it has lets it in"
        async with await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as conn:
            await conn.execute("update device_credential set ended_at = ended_at - interval '31 days'")
        assert len(await office.db.rows("revoked_certificates")) == 4
        with pytest.raises(ClaimRefusedError) as told:
            await rotate(key)
        assert told.value.status == 401
        await office.desk.revoke("frog-1", WHO, "lost")
        assert len(await office.db.rows("revoked_certificates")) == 5


async def test_weak_keys_and_nonsense_get_no_certificate(db_dsn: str, tmp_path: Path) -> None:
    signer = DeviceAuthority(*authority(tmp_path))
    weak = request_for(rsa.generate_private_key(65537, 2048))
    async with office_on(db_dsn, signer) as office:
        await office.desk.add("frog-1", "frog", WHO)
        code = (await office.desk.label("frog-1", WHO)).code
        for csr in (weak, "nonsense", request_for(ec.generate_private_key(ec.SECP384R1()))):
            request = ClaimRequest(code=code, install="c" * 32, csr=csr)
            with pytest.raises(ClaimRefusedError) as told:
                await office.claiming.claim(request, NETWORK, datetime.now(UTC))
            assert told.value.status == 422
        assert await office.state("frog-1") == "unclaimed"


def test_verifiers_are_salted() -> None:
    one, other = (make_verifier("same", os.urandom(12)) for _ in range(2))
    assert one != other


async def test_a_password_that_was_given_up_or_revoked_never_comes_back(office: Office) -> None:
    card, second = await office.provisioned("frog-1"), Card()
    await rotated(office, "frog-1", card.password, second.verifier)
    with pytest.raises(ClaimRefusedError, match="before") as told:
        await rotated(office, "frog-1", second.password, card.verifier)
    assert told.value.status == 422
    await office.desk.revoke("frog-1", WHO, "lost")
    label = await office.desk.label("frog-1", WHO)
    assert await refused(office, label.code, second) == 422
    assert await office.state("frog-1") == "unclaimed"
    assert (await office.claim(label.code, Card())).name == "frog-1"  # the code was not used up


async def test_a_key_on_a_curve_that_nobody_knows_is_refused(office: Office, tmp_path: Path) -> None:
    signer = DeviceAuthority(*authority(tmp_path))
    pem = request_for(ec.generate_private_key(ec.SECP256R1()))
    der = base64.b64decode("".join(pem.splitlines()[1:-1])).replace(_P256, _UNKNOWN)
    odd = f"-----BEGIN CERTIFICATE REQUEST-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE REQUEST-----\n"
    with pytest.raises(ProvisioningRefusedError):
        signer.sign(odd, "frog-1", datetime.now(UTC))
    shown = authority(tmp_path, "odd")[0].read_text()
    der = base64.b64decode("".join(shown.splitlines()[1:-1])).replace(_P256, _UNKNOWN)
    odd = f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----\n"
    assert signer.proves(pem, odd, b"") is None


_P256, _UNKNOWN = bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("06082a8648ce3d030106")
