// The page: what people see and press. Settings in the address: room, name, pin, chair=1, mic=0,
// and server=wss://… for a Janus elsewhere.
import { Call, RefusedError } from "/page/call.js";
import { People } from "/page/people.js";

const $ = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const asChair = query.get("chair") === "1";
const here = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/janus`;
const server = query.get("server") ?? here;
const people = new People();
const heard = new Map(); // of each other chair the floor that it showed last
const mine = { hand: false, mic: query.get("mic") !== "0", camera: true, floor: null, chosen: null, raising: false };
let room = Number(query.get("room") ?? 0);
let call = null;
let local = new MediaStream();
const faults = {
  426: "Không có phòng này · No such room",
  429: "Phòng này cần mã PIN · This room wants a PIN",
  432: "Phòng đã đầy · The room is full",
  433: "Sai mã PIN · Wrong PIN",
  490: "Nhập sai mã PIN quá nhiều lần, chờ một phút rồi thử lại · Too many wrong PINs: wait a minute",
};

function display() {
  const value = asChair
    ? { name: $("name").value, chair: true, floor: mine.floor, mic: mine.mic }
    : { name: $("name").value, hand: mine.hand, mic: mine.mic };
  return JSON.stringify(value);
}

async function devices() {
  const video = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
  for (const wanted of [{ audio: true, video }, { audio: true }, { video }]) {
    try { return await navigator.mediaDevices.getUserMedia(wanted); } catch { continue; }
  }
  return new MediaStream();
}

async function enter(event) {
  event?.preventDefault();
  $("join").disabled = true;
  $("fault").textContent = "";
  local = await devices();
  for (const track of local.getAudioTracks()) track.enabled = mine.mic;
  mine.mic = mine.mic && local.getAudioTracks().length > 0;
  call = new Call(server, room, $("pin").value, { event: hear, track: place, lost });
  try {
    await call.open();
    const more = asChair ? { chair_pin: $("chair-pin").value } : {};
    await call.join(display(), more, local.getTracks());
  } catch (error) {
    call.leave();
    stopDevices();
    const known = error instanceof RefusedError ? faults[error.code] : null;
    if (error.code === 429 || error.code === 433) $("pin-field").hidden = asChair;
    $("fault").textContent = known ?? `Không vào được · Cannot join: ${error.message ?? error}`;
    $("join").disabled = false;
    return;
  }
  $("self").srcObject = local;
  $("door").hidden = true;
  $("meeting").hidden = false;
  $("chair").hidden = !asChair;
  $("hand").hidden = asChair;
  draw();
}

function hear(event) {
  if (event.videoroom === "destroyed") return ended("Cuộc họp đã kết thúc · The meeting was ended");
  if (event.leaving === "ok") return ended("Bạn đã được mời ra khỏi phòng · You were removed");
  if (Number.isInteger(event.wrong_pins)) {
    $("attempts").textContent = event.wrong_pins
      ? `${event.wrong_pins} lần nhập sai mã PIN vào phòng này · ${event.wrong_pins} wrong PINs were tried at this room` : "";
  }
  people.take(event);
  // Who has the floor left, or gave it back: nobody has it.
  const holder = people.persons.get(mine.floor);
  if (mine.floor !== null && holder?.display.returned !== false) {
    const name = holder?.display.name;
    giveFloor(null);
    $("returned").textContent = name
      ? `${name} đã phát biểu xong, trả lại lượt · ${name} has finished and gave the floor back` : "";
  }
  if (asChair) followChairs();
  follow();
  draw();
}

// One floor: the province's console, or another chair, gave it or took it back. Of two that crossed
// the console's counts.
function followChairs() {
  for (const { number, display } of people.persons.values()) {
    if (!display.chair) continue;
    const before = heard.get(number) ?? null;
    heard.set(number, display.floor);
    if (display.floor === before || display.floor === mine.floor) continue;
    if (display.console || before === mine.floor) giveFloor(display.floor);
  }
}

function floor() { return mine.floor ?? people.floor; }
function follow() { call?.want(people.wanted(floor(), mine.chosen)); }

function place(track, on, mid) {
  if (track.kind === "video") {
    $("picture").srcObject = on ? new MediaStream([track]) : null;
    return;
  }
  const id = `sound-${mid}`;
  $(id)?.remove();
  if (!on) return;
  const sound = document.createElement("audio");
  Object.assign(sound, { id, autoplay: true, srcObject: new MediaStream([track]) });
  $("sounds").append(sound);
}

async function tell() {
  try { await call.rename(display()); } catch (error) { $("notice").textContent = error.message; }
  draw();
}

async function toggleHand() {
  mine.raising = true;
  mine.hand = !mine.hand;
  draw();
  await tell();
  mine.raising = false;
  draw();
}

function toggleMic() {
  mine.mic = !mine.mic && local.getAudioTracks().length > 0;
  for (const track of local.getAudioTracks()) track.enabled = mine.mic;
  tell();
}

function toggleCamera() {
  mine.camera = !mine.camera;
  for (const track of local.getVideoTracks()) track.enabled = mine.camera;
  draw();
}

function giveFloor(number) {
  mine.floor = number;
  $("returned").textContent = "";
  follow();
  tell();
}

function row(person, button) {
  const line = document.createElement("li");
  line.dataset.id = person.number;
  const name = document.createElement("span");
  name.textContent = person.display.name;
  const signs = document.createElement("span");
  signs.className = "signs";
  signs.textContent = [
    person.display.chair ? "★ chủ trì" : "",
    person.raised ? "✋" : "",
    person.number === floor() ? "🎙 phát biểu" : person.display.mic ? "🎙" : "",
  ].filter(Boolean).join(" ");
  line.append(name, signs, ...(button ? [button] : []));
  return line;
}

function pressable(text, use) {
  const button = document.createElement("button");
  button.textContent = text;
  button.addEventListener("click", use);
  return button;
}

function draw() {
  const holder = floor();
  $("people").replaceChildren(...[...people.persons.values()].map((p) => row(p, pressable(
    mine.chosen === p.number ? "Thôi xem" : "Xem",
    () => { mine.chosen = mine.chosen === p.number ? null : p.number; follow(); draw(); },
  ))));
  $("hands").replaceChildren(...people.hands().map((p) => row(p, pressable("Mời phát biểu", () => giveFloor(p.number)))));
  $("take-floor").disabled = mine.floor === null;
  $("mic").setAttribute("aria-pressed", String(mine.mic));
  $("camera").setAttribute("aria-pressed", String(mine.camera));
  $("hand").setAttribute("aria-pressed", String(mine.hand));
  $("hand").disabled = mine.raising;
  $("hand").firstElementChild.textContent = mine.hand ? "Bỏ tay xuống" : "Giơ tay";
  const seen = people.seen(holder, mine.chosen);
  $("speaker").textContent = seen?.display.name ?? "";
  const given = holder !== null && holder === people.me;
  $("notice").classList.toggle("given", given);
  $("notice").textContent = given
    ? "Chủ trì mời bạn phát biểu · You have the floor"
    : people.persons.size ? "" : "Chưa có ai khác · Nobody else is here yet";
}

function stopDevices() { for (const track of local.getTracks()) track.stop(); }

function ended(sentence) {
  call?.leave();
  stopDevices();
  people.persons.clear();
  $("sounds").replaceChildren();
  $("picture").srcObject = null;
  $("meeting").hidden = true;
  $("door").hidden = false;
  $("join").disabled = false;
  $("fault").textContent = sentence;
}

function lost(why) {
  if (!$("meeting").hidden) ended(`Mất kết nối · Connection lost (${why})`);
}

async function open() {
  $("name").value = query.get("name") ?? "";
  $("pin").value = query.get("pin") ?? "";
  $("chair-field").hidden = !asChair;
  if (server === here) {
    const known = await (await fetch("/room.json")).json();
    room ||= known.first;
    const one = known.rooms.find((r) => r.room === room);
    $("pin-field").hidden = !one?.pin_required;
    if (one?.description) $("title").firstChild.textContent = `${one.description} `;
  }
  if (!window.isSecureContext) {
    $("fault").textContent = "Trình duyệt chỉ cho dùng máy quay qua https · The browser allows a camera over https only";
  }
  $("entry").addEventListener("submit", enter);
  $("mic").addEventListener("click", toggleMic);
  $("camera").addEventListener("click", toggleCamera);
  $("hand").addEventListener("click", toggleHand);
  $("take-floor").addEventListener("click", () => giveFloor(null));
  $("leave").addEventListener("click", () => ended(""));
  addEventListener("pagehide", () => call?.leave());
  document.documentElement.dataset.ready = "1";
}

open();
