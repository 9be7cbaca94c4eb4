"""What cannot be meant in a site file is a problem with line and remedy, in both languages."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from appliance.base.site_file import SiteFileError, SiteFileProblem, parse_site
from services.endpoint.tools.check_command import check

FILES = Path(__file__).parent / "site_files"
START = '[site]\nid = "ia-kly"\nname = "Xã Ia Kly"\n'
URL = 'url = "https://hop.gialai.example/a.ics"\n'


def problems(content: str) -> tuple[SiteFileProblem, ...]:
    """What is wrong with a site file; nothing raises anything else."""
    try:
        parse_site(content.encode())
    except SiteFileError as error:
        return error.problems
    return ()


@pytest.mark.case("P12")
@pytest.mark.parametrize(
    ("name", "line", "words"),
    [
        ("bigint", 10, "quá nhiều chữ số"), ("deep", 7, "ngoặc"), ("hosts_port", 7, "máy chủ"),
        ("hosts_star", 7, "máy chủ"), ("hosts_url", 7, "máy chủ"), ("url_badport", 6, "cổng"),
        ("zone_gmt7", 5, "múi giờ"),
    ],
)  # fmt: skip
def test_each_file_is_refused_with_its_line_in_vietnamese(name: str, line: int, words: str) -> None:
    path = FILES / f"{name}.toml"
    found = problems(path.read_text())
    assert len(found) == 1
    assert found[0].line == line
    assert words in found[0].in_vietnamese()
    told = CliRunner().invoke(check, [str(path)])
    assert told.exit_code == 1
    assert f"dòng {line}: " in told.output
    assert f"line {line}: " in told.output


@pytest.mark.case("P12", "K4")
@pytest.mark.parametrize(
    "host",
    ["https://mcu.vn", "mcu.vn:5061", "*.vn", "a@mcu.vn", "mcu vn", "mcu.vn,b.vn", "mcu.vn\u200b",
     "", " ", ".", "..vn", "xn--", "sip:mcu.vn", "mcu.vn/", "mcu..vn", "[::1", "-a.vn", "hộp.vn"],
)  # fmt: skip
def test_a_host_that_would_never_be_dialled(host: str) -> None:
    content = f'{START}[agenda]\n{URL}hosts = ["mcu.vn", "{host}"]\n'
    (found,) = problems(content)
    assert (found.line, found.key) == (6, "agenda.hosts")
    for good in ("mcu.vn", ".gialai.gov.vn", "10.0.0.7", "[::1]", "xn--hp-gua.vn"):
        assert problems(f'{START}[agenda]\n{URL}hosts = ["{good}"]\n') == ()


@pytest.mark.case("K4", "P12")
@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("agenda", "url", "https://h.vn:99999/a"), ("agenda", "url", "http://[::1/a"),
        ("agenda", "url", "https://xn--/a"), ("agenda", "url", "https://h\u200b.vn/"),
        ("province", "url", "https://h.vn:0"), ("province", "url", "https://[::1"),
        ("province", "broker", "mqtts://h.vn:99999"), ("province", "broker", "mqtts://xn--.vn"),
        ("province", "releases", "https://h.vn:70000/a.raucb"),
        ("sip", "registrar", "sip:h.vn:99999"), ("sip", "outbound_proxy", "sip:xn--;transport=tls"),
        ("sip", "outbound_proxy", "sips:[::1"),
    ],
)  # fmt: skip
def test_an_address_that_nobody_can_connect_to(section: str, key: str, value: str) -> None:
    agenda = f"[agenda]\n{URL}" if section != "agenda" else ""
    content = f'{START}{agenda}[{section}]\n{key} = "{value}"\n'
    (found,) = problems(content)
    assert found.key == f"{section}.{key}"
    assert found.line == content.count("\n")
    assert found.message_vi != found.message


@pytest.mark.case("P12")
@pytest.mark.parametrize(
    "name", ["   ", "\\u00a0", "A\\u0007B", "Xã\\u200bIa", "\\u202eA", "\\u0085"]
)
def test_a_name_that_nobody_can_read(name: str) -> None:
    content = f'[site]\nid = "a"\nname = "{name}"\n[agenda]\n{URL}'
    (found,) = problems(content)
    assert (found.line, found.key) == (3, "site.name")


@pytest.mark.case("P12")
@pytest.mark.parametrize(
    "value",
    ["9" * 5000, "0x" + "f" * 5000, "1e999", "nan", "[" * 3000 + "]" * 3000, "9" * 4000, "-0",
     "{a=" * 500 + "1" + "}" * 500, "1979-05-27", '"""' + "x" * 90_000 + '"""', "true"],
)  # fmt: skip
@pytest.mark.parametrize("key", ["width", "source", "new"])
def test_numbers_and_brackets_without_end(key: str, value: str) -> None:
    content = f"{START}[agenda]\n{URL}[camera]\n{key} = {value}\n"
    for found in problems(content):
        assert found.line in (0, 7)
        assert len(str(found)) < 1500
    assert problems(content) or (key == "source" and value.startswith('"'))


def test_dotted_keys_without_end() -> None:
    deep = ".".join(["a"] * 5000)
    assert problems(f"{START}[agenda]\n{URL}hosts.{deep} = 1\n")
    assert problems(f"{START}[agenda]\n{URL}[{deep}]\n")


@pytest.mark.case("P12")
@given(st.text(max_size=300) | st.text("[]{}=\"'\n.#abc1e-_:,\\ ", max_size=200).map(START.__add__))
def test_no_file_raises_anything_but_its_own_error(content: str) -> None:
    for found in problems(content.encode("utf-8", "replace").decode()):
        assert str(found)
        assert found.in_vietnamese()
