"""One word a thing: no module, public class or function is named by a word that was given up.

Each of these words stood for several things, or for one that has a standard term. The right column
is what to say instead.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePath

from tests.house.sources import PRODUCT, Sources, sources

INSTEAD = {
    "admission": "accept_grant",
    "answering": "uas, server_transaction",
    "asked asking": "request, uac",
    "bench": "simulator (hands), benchmark (measure)",
    "beside": "local_broker",
    "bringing": "install",
    "clone clones": "duplicate_devices",
    "desiring": "desired_publisher",
    "door": "login",
    "easel": "renderer",
    "examination": "integrity",
    "faces": "layouts",
    "fault faults": "problem",
    "fences": "security",
    "finding findings": "check_result",
    "floors": "layers (the floor is what the chair gives)",
    "flow flows": "sockets, connection",
    "gate": "slot_check, slot_confirmed, feed_sanity",
    "helper helpers": "what it does",
    "judgement": "policy",
    "keeper": "room_monitor",
    "ladder": "bitrate_ladder",
    "leg": "invite_session",
    "manager managers": "what it does",
    "metered": "budgeted_install",
    "nudging": "agenda_notifier",
    "obstacle obstacles": "problem",
    "offered": "site_file_on_card",
    "operations": "disk_ops",
    "pulse": "activity",
    "rhythm": "intervals",
    "rounds": "check_runner, repetitions",
    "said": "what was said",
    "stage": "display, progress",
    "stamp stamps": "sequence, time",
    "station": "transport_layer",
    "stays": "participants",
    "storing": "report_writer",
    "symptom symptoms": "problem",
    "teller": "report_builder",
    "telling": "progress",
    "told": "province_messages",
    "tongues": "languages",
    "trials": "self_test_steps",
    "trouble troubles": "problem",
    "util utils": "what it does",
    "verdict verdicts": "check_result, failure_reason",
    "way ways": "routing, path",
}
BANNED = {word: instead for words, instead in INSTEAD.items() for word in words.split()}

ALLOWED = {
    "bitrate_ladder": "the field's term for a list of bit rates",
    "BitrateLadder": "the field's term for a list of bit rates",
    "CallKeeper": "keeps one call up, and no room",
    "call_keeper": "keeps one call up, and no room",
}


def words(name: str) -> list[str]:
    """The words of a name in snake_case or CamelCase, in small letters."""
    return re.findall(r"[a-z]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())


def names(files: Sources) -> Iterator[tuple[str, str]]:
    """The name of every module and folder, and of public classes and functions of the product."""
    folders: set[str] = set()
    for file, text in files.items():
        path = PurePath(file)
        if path.stem != "__init__":
            yield file, path.stem.removeprefix("test_")
        for folder in path.parents:
            if str(folder) not in {".", *folders}:
                folders.add(str(folder))
                yield f"{folder}/", folder.name
        if path.parts[0] == "tests":
            continue
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{file}: {node.name}", node.name


def banned(files: Sources) -> list[str]:
    """Names by a banned word, each with what to say instead."""
    return sorted(
        f"{where} (instead of {word}: {BANNED[word]})"
        for where, name in names(files)
        if not name.startswith("_") and name not in ALLOWED
        for word in words(name)
        if word in BANNED
    )


def test_no_name_is_a_word_that_was_given_up() -> None:
    assert words("SIPWayOut2_far") == ["sipway", "out", "far"]
    made_up = {
        "appliance/way/one.py": "class LineFault: ...\nclass Gateway: ...\nclass _Fault: ...",
        "appliance/stage.py": "def ask_teller(): ...\ndef tell(): ...\n",
        "appliance/default.py": "class Old:\n    def trouble(self): ...\n",
        "tests/wire/test_rounds.py": "def test_no_fault() -> None: ...\n",
    }
    assert banned(made_up) == [
        "appliance/stage.py (instead of stage: display, progress)",
        "appliance/stage.py: ask_teller (instead of teller: report_builder)",
        "appliance/way/ (instead of way: routing, path)",
        "appliance/way/one.py: LineFault (instead of fault: problem)",
        "tests/wire/test_rounds.py (instead of rounds: check_runner, repetitions)",
    ]
    assert banned(sources(*PRODUCT, "tests")) == []
