"""Our structures are the kernel's: held to ``linux/cec.h`` as this machine's compiler reads it."""

import ctypes
import subprocess

import pytest

from hardware.display import cec_uapi as uapi
from hardware.display.messages import Opcode

STRUCTURES = {
    "cec_caps": uapi.Caps,
    "cec_log_addrs": uapi.LogAddrs,
    "cec_msg": uapi.Msg,
    "cec_connector_info": uapi.ConnectorInfo,
    "cec_drm_connector_info": uapi.DrmConnectorInfo,
}
NUMBERS = {
    "CEC_ADAP_G_CAPS": uapi.G_CAPS,
    "CEC_ADAP_G_PHYS_ADDR": uapi.G_PHYS_ADDR,
    "CEC_ADAP_G_LOG_ADDRS": uapi.G_LOG_ADDRS,
    "CEC_ADAP_S_LOG_ADDRS": uapi.S_LOG_ADDRS,
    "CEC_TRANSMIT": uapi.TRANSMIT,
    "CEC_RECEIVE": uapi.RECEIVE,
    "CEC_S_MODE": uapi.S_MODE,
    "CEC_ADAP_G_CONNECTOR_INFO": uapi.G_CONNECTOR_INFO,
    "CEC_MAX_MSG_SIZE": uapi.MAX_MESSAGE_BYTES,
    "CEC_MAX_LOG_ADDRS": uapi.MAX_LOGICAL_ADDRESSES,
    "CEC_PHYS_ADDR_INVALID": uapi.NO_PHYSICAL_ADDRESS,
    "CEC_LOG_ADDR_INVALID": uapi.NO_LOGICAL_ADDRESS,
    "CEC_LOG_ADDR_UNREGISTERED": uapi.UNREGISTERED,
    "CEC_LOG_ADDR_BROADCAST": uapi.BROADCAST,
    "CEC_LOG_ADDR_TV": uapi.TV,
    "CEC_OP_PRIM_DEVTYPE_PLAYBACK": uapi.PLAYBACK_DEVICE,
    "CEC_LOG_ADDR_TYPE_PLAYBACK": uapi.PLAYBACK_ADDRESS,
    "CEC_OP_ALL_DEVTYPE_PLAYBACK": uapi.ALL_PLAYBACK,
    "CEC_OP_CEC_VERSION_1_4": uapi.VERSION_1_4,
    "CEC_VENDOR_ID_NONE": uapi.NO_VENDOR,
    "CEC_MODE_INITIATOR | CEC_MODE_FOLLOWER": uapi.INITIATOR_AND_FOLLOWER,
    "CEC_TX_STATUS_OK": uapi.TX_OK,
    "CEC_TX_STATUS_NACK": uapi.TX_NOT_ACKNOWLEDGED,
    "CEC_RX_STATUS_OK": uapi.RX_OK,
    "CEC_RX_STATUS_FEATURE_ABORT": uapi.RX_FEATURE_ABORT,
    "CEC_CONNECTOR_TYPE_DRM": uapi.DRM_CONNECTOR,
}
OPCODES = {
    "FEATURE_ABORT", "IMAGE_VIEW_ON", "STANDBY", "ROUTING_CHANGE", "ACTIVE_SOURCE",
    "REQUEST_ACTIVE_SOURCE", "SET_STREAM_PATH", "DEVICE_VENDOR_ID", "GIVE_DEVICE_VENDOR_ID",
    "GIVE_DEVICE_POWER_STATUS", "REPORT_POWER_STATUS",
}  # fmt: skip


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Name by name what the compiler makes of the header: sizes, places, numbers."""
    words = [*NUMBERS, *(f"CEC_MSG_{name}" for name in OPCODES)]
    for name, structure in STRUCTURES.items():
        words.append(f"sizeof(struct {name})")
        words += [f"offsetof(struct {name}, {_member(field[0])})" for field in structure._fields_]
    lines = "".join(
        f'printf("%s=%llu\\n", "{word}", (unsigned long long)({word}));' for word in words
    )
    folder = tmp_path_factory.mktemp("cec")
    source, program = folder / "cec.c", folder / "cec"
    source.write_text(
        "#include <stddef.h>\n#include <stdio.h>\n#include <sys/ioctl.h>\n#include <linux/cec.h>\n"
        f"int main(void) {{ {lines} return 0; }}\n"
    )
    subprocess.run(["gcc", "-o", program, source], check=True, timeout=60.0)
    done = subprocess.run([program], capture_output=True, text=True, check=True, timeout=10.0)
    return {
        name: int(value)
        for name, _, value in (one.rpartition("=") for one in done.stdout.split("\n") if one)
    }


def _member(name: str) -> str:
    return "drm" if name == "of" else name


@pytest.mark.parametrize("name", STRUCTURES)
def test_each_structure_has_the_size_and_the_places_of_the_kernels(
    name: str, said: dict[str, int]
) -> None:
    structure = STRUCTURES[name]
    assert ctypes.sizeof(structure) == said[f"sizeof(struct {name})"]
    for field in (one[0] for one in structure._fields_):
        offset = getattr(structure, field).offset
        assert offset == said[f"offsetof(struct {name}, {_member(field)})"], field


def test_each_request_and_constant_is_the_kernels(said: dict[str, int]) -> None:
    assert {name: said[name] for name in NUMBERS} == NUMBERS


def test_each_opcode_is_the_kernels(said: dict[str, int]) -> None:
    assert {name: said[f"CEC_MSG_{name}"] for name in OPCODES} == {
        one.name: int(one) for one in Opcode
    }
