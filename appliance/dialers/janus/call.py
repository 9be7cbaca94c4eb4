"""A call in a Janus VideoRoom: two handles, two connections, and the tasks that keep them up."""

import asyncio
import logging
import ssl
import time
from contextlib import suppress
from dataclasses import replace
from typing import assert_never

from aiortc import MediaStreamTrack, RTCSessionDescription

from appliance.core.problems import ProblemKey
from appliance.dialers.api import CallStatistics, Change, EndReason, FarFloor, LocalTracks
from appliance.dialers.janus.call_problems import ALL_KINDS, call_problems
from appliance.dialers.janus.display import Display, Feed
from appliance.dialers.janus.mix import Mix
from appliance.dialers.janus.people import People, Trust
from appliance.dialers.janus.proof import site_proof
from appliance.dialers.janus.session import (
    INVALID_ELEMENT,
    Answered,
    Event,
    HungUp,
    Json,
    MediaUp,
    Notified,
    Over,
    Refused,
    SlowLink,
)
from appliance.dialers.janus.socket import JanusSocket, LostError, RefusedError
from appliance.dialers.janus.subscription import Subscription
from appliance.dialers.path import NoPathError, close, path_stands
from appliance.dialers.stats import Measure
from appliance.media.receive.track import FarTrack
from appliance.media.webrtc.connection import connection
from appliance.media.webrtc.descriptions import NegotiationError, NothingTakenError
from appliance.wire.address import Address
from appliance.wire.room_keys import RoomKeys

log = logging.getLogger("diemcau.janus")

PATH_TIMEOUT_S = 10.0  # for ICE and DTLS; what takes longer does not come
RETRY_S = 1.0  # after a refused subscription: the event that explains it is on its way
LOOK_INTERVAL_S = 0.5  # what of the received media flows
MAX_LOST_PATHS = 3  # so many lost receiving paths in a row end the call
GOOD_PATH_S = 30.0  # a path that held for so long begins the count anew
CLOSE_TIMEOUT_S = 4.0


class JanusCall:
    """See `appliance.dialers.api.Call`; made by JanusDialer, which calls ``join`` once."""

    def __init__(
        self,
        address: Address,
        near: LocalTracks,
        name: str,
        trust: ssl.SSLContext | None,
        keys: RoomKeys | None = None,
    ) -> None:
        self.ended: EndReason | None = None
        self.detail = ""
        self.problems: dict[ProblemKey, str] = {}
        self.alone: bool | None = None
        self.heard_at = float("-inf")
        self.floor = FarFloor(gives=False)
        self.video: MediaStreamTrack | None = None
        self.audio: MediaStreamTrack | None = None
        self._room: Feed = int(address.room) if address.room.isdecimal() else address.room
        self._pin = address.pin
        self._keys = keys
        self._near = near
        self._wanted = Display(name, hand=False, mic=False)
        self._confirmed = self._wanted
        self._people = People()
        self._measure = Measure(time.monotonic())
        self._change = Change()
        self._socket = JanusSocket(address.url, trust, self._handle)
        self._publisher = 0
        self._private_id = 0
        self._refused_kinds: frozenset[str] = frozenset()
        self._sends_nothing = False
        self._pc = connection()
        self._mix = Mix()
        self._subscription: Subscription | None = None
        self._offers: list[Notified] = []
        self._changes = asyncio.Event()  # the subscription may have to follow
        self._rename = asyncio.Event()  # the display has to change
        self._ending = asyncio.Event()
        self._life: asyncio.Task[None] | None = None

    async def join(self) -> None:
        """Enter the room and send; raises what the socket raises, RefusedError, NoPathError."""
        self._pc.addTransceiver(self._near.audio, "sendonly")
        self._pc.addTransceiver(self._near.video, "sendonly")
        offer, _ = await asyncio.gather(self._offer(), self._socket.open())
        self._life = asyncio.create_task(self._run(), name="janus call")
        _, checks_chair = await asyncio.gather(self._socket.create(), self._socket.checks_chair())
        self._people.trust = Trust(self._room, self._keys, checks_chair)
        self._publisher = await self._socket.attach()
        joined = await self._enter(offer)
        if self._keys is not None:
            # Only now: the proof is of our own id, which the server has just given us.
            proof = site_proof(self._keys, self._room, self._people.me)
            self._wanted = replace(self._wanted, proof=proof)
            self._rename.set()
        private_id = joined.data.get("private_id")
        self._private_id = private_id if isinstance(private_id, int) else 0
        if await self._sends(joined.sdp):
            await path_stands(self._pc, PATH_TIMEOUT_S)
            self._pc.on("connectionstatechange", self._watch_path)
        self._measure.sends(self._pc)
        log.info("near → in room %s as %s", self._room, self._people.me)
        self._refresh()

    async def _enter(self, offer: Json) -> Answered:
        if isinstance(self._room, int):
            await self._know_room(self._room)
        body: Json = {"request": "joinandconfigure", "ptype": "publisher", "room": self._room}
        body["display"] = str(self._wanted)
        if self._pin:
            body["pin"] = self._pin
        return await self._socket.message(self._publisher, body, offer)

    async def _know_room(self, number: int) -> None:
        """Ask whether the server's rooms have numbers or texts (``string_ids``).

        Joining would tell as well, but a handle that has taken an offer takes no second one.
        """
        try:
            await self._socket.message(self._publisher, {"request": "exists", "room": number})
        except RefusedError as error:
            if error.answer.code == INVALID_ELEMENT:
                self._room = str(number)

    async def _sends(self, answer: str) -> bool:
        """Take the room's answer; False where it takes nothing of ours: we see and hear only."""
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        except NothingTakenError:
            self._refused_kinds, self._sends_nothing = ALL_KINDS, True
            return False
        self._refused_kinds = self._pc.refused
        return True

    async def changed(self) -> None:
        """Wait until any public attribute is another one."""
        await self._change.wait()

    async def set_hand(self, up: bool) -> None:
        """Raise or lower the hand; confirmed when the server has answered."""
        self._wanted = replace(self._wanted, hand=up)
        self._rename.set()

    async def set_mic(self, live: bool) -> None:
        """Tell the room whether our microphone is on."""
        self._wanted = replace(self._wanted, mic=live)
        self._rename.set()

    async def set_returned(self, returned: bool) -> None:
        """Tell the room; the chair's page and the console take the floor back."""
        self._wanted = replace(self._wanted, returned=returned)
        self._rename.set()

    async def hang_up(self) -> None:
        """Leave; returns when everything is free."""
        self._end(EndReason.OURS, "")
        if self._life is None:
            await self._free()
        else:
            await asyncio.wait({self._life}, timeout=CLOSE_TIMEOUT_S)
            if self._life.done():
                self._life.result()

    def statistics(self) -> CallStatistics:
        """How the call goes, or went."""
        return self._measure.statistics()

    async def _offer(self) -> Json:
        await self._pc.setLocalDescription(await self._pc.createOffer())
        return {"type": "offer", "sdp": self._pc.localDescription.sdp}

    async def _run(self) -> None:
        """Run the call until it ends, then free everything; raises what a bug of ours raises."""
        try:
            async with asyncio.TaskGroup() as group:
                jobs = [
                    self._run_socket(),
                    self._receive(),
                    self._keep_display(),
                    self._measure.run(),
                ]
                tasks = [group.create_task(job) for job in jobs]
                await self._ending.wait()
                for task in tasks:
                    task.cancel()
        finally:
            self._end(EndReason.LOST, "the call broke off: an error of this program")
            await self._free()

    async def _free(self) -> None:
        self.video = self.audio = None
        self._mix.stop()
        # Before a call comes about no sender has taken the tracks over.
        self._near.stop()
        try:
            # aiortc waits for its own tasks; where those were cancelled with us it waits for ever.
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._measure.finish()
                await self._socket.close()
                if self._subscription is not None:
                    await self._subscription.close()
                await close(self._pc)
        except TimeoutError:
            log.warning("call: a connection does not close")

    def _end(self, reason: EndReason, detail: str) -> None:
        if self.ended is None:
            self.ended, self.detail = reason, detail
            if self._measure.connected_at is not None:
                log.info("call: %s %s", reason, detail)
            self._ending.set()
            self._change.tell()

    async def _run_socket(self) -> None:
        try:
            await self._socket.run()
        except LostError as error:
            self._end(EndReason.LOST, str(error))

    def _watch_path(self) -> None:
        if self._pc.connectionState in ("failed", "closed"):
            self._end(EndReason.LOST, "the media path to the server is lost")

    async def _handle(self, event: Event) -> None:
        """Take an event; whatever needs another request is left to a task."""
        match event:
            case Notified(_, _, sdp) if sdp:
                self._offers.append(event)
                self._changes.set()
            case Notified(_, data):
                self._handle_room(data)
            case Answered(_, data) if data.get("videoroom") == "joined":
                self._handle_room(data)
            case SlowLink(_, _, media, lost):
                log.info("near → slow link: %d %s packets lost", lost, media)
            case Over(why):
                self._end(EndReason.LOST, why)
            case HungUp(handle) if handle == self._publisher and self._sends_nothing:
                pass  # there never was a path there
            case HungUp(handle, why) if handle == self._publisher:
                # Being removed also takes the path away; its own event says so and comes first.
                self._end(EndReason.LOST, f"the server lost our media: {why}")
            case HungUp(handle):
                one = self._subscription
                if one is not None and one.handle == handle:
                    await close(one.pc)
            case Answered() | Refused() | MediaUp():
                pass  # the request that waits for it takes it; the path's own state counts
            case _:
                assert_never(event)

    def _handle_room(self, data: Json) -> None:
        if data.get("videoroom") == "destroyed":
            self._end(EndReason.FAR_END, "the meeting was ended")
        elif self._people.removes_us(data):
            self._end(EndReason.FAR_END, f"we were removed: {data.get('reason', 'no reason')}")
        else:
            self._people.take(data)
            self._changes.set()
            self._refresh()

    async def _keep_display(self) -> None:
        """Keep the display at the server as wanted; its answer confirms a hand."""
        while True:
            await self._rename.wait()
            self._rename.clear()
            wanted = self._wanted
            if wanted == self._confirmed or not self._publisher:
                continue
            body = {"request": "configure", "display": str(wanted)}
            try:
                await self._socket.message(self._publisher, body)
            except (RefusedError, TimeoutError, LostError) as error:
                log.warning("near → hand or microphone not taken: %s", error or "no answer")
                await asyncio.sleep(RETRY_S)
                self._rename.set()
                continue
            self._confirmed = wanted
            self._refresh()
            self._rename.set()

    async def _receive(self) -> None:
        """Keep receiving what is wanted; a lost path is opened again, a few times."""
        lost = 0
        while True:
            begun = time.monotonic()
            try:
                await self._follow()
            except NegotiationError as error:
                # Each time somebody is passed over, so that it comes to an end.
                log.warning("far ← %s", error)
                await asyncio.sleep(RETRY_S)
            except NoPathError as error:
                lost = 1 if time.monotonic() - begun > GOOD_PATH_S else lost + 1
                log.warning("far ← %s", error)
                if lost >= MAX_LOST_PATHS:
                    self._end(EndReason.NO_MEDIA, str(error))
                    return
            except (LostError, RefusedError, TimeoutError) as error:
                # The connection was lost for a moment; where it stays lost, the call ends.
                log.info("far ← no handle: %s", error or "no answer")
                await asyncio.sleep(RETRY_S)
            finally:
                await self._drop_subscription()

    async def _follow(self) -> None:
        while not self._people.wanted():
            self._changes.clear()
            await self._changes.wait()
        handle = await self._socket.attach()
        one = Subscription(
            self._socket, handle, self._room, self._pin, self._private_id, self._measure
        )
        self._subscription = one
        stands = False
        while True:
            self._changes.clear()
            try:
                offers, self._offers = self._offers, []
                for offer in offers:
                    if offer.handle == handle:
                        await one.answer(offer.data.get("streams"), offer.sdp)
                await one.subscribe(self._people.wanted())
            except (RefusedError, LostError, TimeoutError) as error:
                log.info("far ← subscription refused: %s", error or "no answer")
                asyncio.get_running_loop().call_later(RETRY_S, self._changes.set)
            self._refresh()
            if not stands and one.pc.remoteDescription is not None:
                await path_stands(one.pc, PATH_TIMEOUT_S)
                one.pc.on("connectionstatechange", self._changes.set)
                one.stands(time.monotonic())
                stands = True
            if one.pc.connectionState in ("failed", "closed"):
                raise NoPathError("the media path from the server is lost")
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_INTERVAL_S):
                    await self._changes.wait()
            self._look(one, time.monotonic())

    def _look(self, one: Subscription, now: float) -> None:
        """Pass over what cannot be taken or decoded, and what nothing comes of."""
        self._people.look(now, one.received, one.silent(now), one.undecoded())
        self._people.refuse(one.refused)
        self._refresh()

    async def _drop_subscription(self) -> None:
        one, self._subscription = self._subscription, None
        if one is not None:
            self._people.refuse(one.refused)
        self._refresh()
        if one is not None:
            await one.close()

    def _refresh(self) -> None:
        """Set the public attributes anew, and wake whoever waits for a change."""
        one = self._subscription
        video: FarTrack | None = one.video(self._people.shown()) if one is not None else None
        audio = self._hear(one)
        seen = self._people.seen()
        floor = FarFloor(
            hand_confirmed=self._confirmed.hand,
            given=self._people.given,
            speaker=seen.display.name if seen is not None else "",
            gives=self._people.trust.possible,
        )
        problems = call_problems(self._people, self._refused_kinds)
        now = (video, audio, floor, problems, self._people.alone)
        known = (self.video, self.audio, self.floor, self.problems, self.alone)
        if self.ended is None and now != known:
            self.video, self.audio, self.floor, self.problems, self.alone = now
            self._change.tell()

    def _hear(self, one: Subscription | None) -> Mix | None:
        """The mix of what is received; None where nothing comes."""
        self._mix.choose(one.audio if one is not None else set())
        flows = one is not None and one.hears(time.monotonic())
        return self._mix if flows else None
