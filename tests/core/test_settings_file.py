"""Configuration: a wrong one is told in one line, an edit keeps what a person wrote."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import tomli

from core.errors import SettingsError
from core.model import Modality, Operation
from core.settings import Settings, modality_warnings
from core.settings_file import SettingsStore, parse, shipped_config_path

CT = Modality(name="ct1", ae_title="CT1", host="127.0.0.1", port=104)


@pytest.fixture
def store(tmp_path: Path) -> SettingsStore:
    path = tmp_path / "config.toml"
    path.write_text(shipped_config_path().read_text())
    return SettingsStore.open(path)


def test_the_shipped_file_says_exactly_the_defaults() -> None:
    assert parse(shipped_config_path().read_text(), "config.toml") == Settings()


def test_the_shipped_file_names_every_field() -> None:
    raw = tomli.loads(shipped_config_path().read_text())
    for section in ("station", "archive", "preview", "ui"):
        known = set(getattr(Settings(), section).__struct_fields__)
        assert set(raw[section]) == known


@pytest.mark.parametrize(
    ("text", "key", "mend"),
    [
        ("[station]\nprot = 1", "station.prot", 'did you mean "port"?'),
        ("[station.accept]\nsop_clases = []", "station.accept.sop_clases", '"sop_classes"'),
        ("[station]\nport = 70000", "station.port", "65535"),
        ("[station]\nport = 0", "station.port", "1"),
        ('[station]\nport = "a"', "station.port", "Expected `int`"),
        ('[station]\nae_title = "SEVENTEEN_LETTERS"', "station.ae_title", "17 bytes"),
        ('[station]\nae_title = "A\\\\B"', "station.ae_title", "no backslash"),
        ("stations = 1", "stations", 'did you mean "station"?'),
        ('[modalities.a]\nhost = "h"\nport = 1', "modalities.a.ae_title", "missing"),
        ('[modalities.a]\nae_title = "A"\nhost = "h"\nport = 0', "modalities.a.port", "1 to 65535"),
        ('[modalities.a]\nae_title = "A"\nhost = ""\nport = 1', "modalities.a.host", "name"),
        ('[modalities."a b"]\nae_title = "A"\nhost = "h"\nport = 1', "modalities.a b.name", "1 to"),
        ("[modalities.a]\n[modalities.a]", "modalities", "twice"),
        ("modalities = 3", "modalities", "[modalities.NAME]"),
        ("[station", "TOML", "line"),
        ('[archive]\nduplicates = "both"', "archive.duplicates", "keep-first"),
        ('[station.tls]\nlisten = "yes"', "station.tls.listen", "only"),
        ('[station.tls]\nlisten = "on"', "station.tls.certificate", "missing"),
        ('[station.tls]\nkey = "/a"', "station.tls.certificate", "missing"),
        ('[station.tls]\ncertificate = "a.pem"', "station.tls.certificate", "absolute"),
        (
            '[station.tls]\nlisten = "on"\ncertificate = "/a"\nca = "/b"\nport = 11112',
            "station.tls.port",
            "plain listener",
        ),
        (
            '[modalities.a]\nae_title = "A"\nhost = "h"\nport = 1\ntls = true',
            "station.tls.ca",
            "a is called by TLS",
        ),
        (
            '[modalities.a]\nae_title = "A"\nhost = "h"\nport = 1\ntls_host_name = "x"',
            "modalities.a.tls_host_name",
            "tls is false",
        ),
    ],
)
def test_a_fault_names_file_key_and_mend_in_one_line(text: str, key: str, mend: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(text, "site.toml")
    line = str(caught.value)
    assert line.startswith("site.toml: ")
    assert key in line
    assert mend in line
    assert "\n" not in line


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        SettingsStore.open(tmp_path / "none.toml")


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="UTF-8"):
        SettingsStore.open(path)


def test_an_edit_takes_effect_and_keeps_comments_and_mode(store: SettingsStore) -> None:
    before = store.path.read_text()
    store.path.chmod(0o640)
    store.change("station.port", 4242)
    assert store.current.station.port == 4242
    after = store.path.read_text()
    assert after == before.replace("port = 11112", "port = 4242")
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o640


def test_an_edit_that_would_not_load_is_refused_and_nothing_changes(store: SettingsStore) -> None:
    before = store.path.read_text()
    with pytest.raises(SettingsError):
        store.change("station.port", 0)
    assert store.path.read_text() == before
    assert store.current.station.port == 11112
    assert list(store.path.parent.iterdir()) == [store.path]


def test_an_edit_keeps_what_was_edited_by_hand_meanwhile(store: SettingsStore) -> None:
    store.path.write_text(store.path.read_text() + "\n# mine\n")
    store.change("ui.theme", "nord")
    assert "# mine" in store.path.read_text()


def test_modalities_come_change_name_and_go(store: SettingsStore) -> None:
    store.put_modality(CT)
    store.path.write_text(
        store.path.read_text().replace("[modalities.ct1]", "[modalities.ct1] # X")
    )
    renamed = Modality(name="ct2", ae_title="CT2", host="h", port=11, allow=(Operation.ECHO,))
    store.put_modality(renamed, replaces="ct1")
    assert dict(store.current.modalities) == {"ct2": renamed}
    assert SettingsStore.open(store.path).current == store.current
    store.remove_modality("ct2")
    assert SettingsStore.open(store.path).current.modalities == {}


def test_a_name_that_is_taken_is_refused(store: SettingsStore) -> None:
    store.put_modality(CT)
    with pytest.raises(SettingsError, match="already"):
        store.put_modality(CT)


def test_edits_go_to_the_users_file_where_the_shipped_one_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    shipped = shipped_config_path().read_text()
    store = SettingsStore.open()
    store.put_modality(CT)
    assert shipped_config_path().read_text() == shipped
    assert (tmp_path / "modalitty" / "config.toml").exists()
    assert SettingsStore.open().current.modalities["ct1"] == CT


def test_twins_and_case_clashes_are_warned_of() -> None:
    lower = Modality(name="ct2", ae_title="ct1", host="127.0.0.1", port=104)
    warnings = modality_warnings(lower, [CT, lower], "ct1")
    assert any("only case differs" in warning for warning in warnings)
    assert any("127.0.0.1:104" in warning for warning in warnings)
    assert any("our own" in warning for warning in warnings)
