// Who is in the room, from events of the VideoRoom: the same rules as the site's
// appliance/dialers/janus/people.py and display.py.

export function parseDisplay(text) {
  let value = null;
  try { value = JSON.parse(text); } catch { value = null; }
  if (value === null || typeof value !== "object" || typeof value.name !== "string") {
    return { name: String(text ?? ""), hand: false, mic: null, chair: false, floor: null, returned: false };
  }
  return {
    name: value.name,
    hand: value.hand === true,
    mic: typeof value.mic === "boolean" ? value.mic : null,
    chair: value.chair === true,
    floor: Number.isInteger(value.floor) ? value.floor : null,
    returned: value.returned === true,
    console: typeof value.signature === "string", // nobody else signs
  };
}

export class People {
  constructor() {
    this.me = 0;
    this.persons = new Map(); // number: {number, display, streams, raised}
    this.order = 0; // counts raised hands, so that they are shown in the order in which they rose
  }

  take(event) {
    if (event.videoroom === "joined") {
      this.me = event.id;
      this.persons.clear();
    }
    for (const one of [...event.publishers ?? [], ...event.attendees ?? []]) this.put(one.id, one.display, one.streams);
    if (event.joining) this.put(event.joining.id, event.joining.display);
    else if (event.videoroom === "event" && typeof event.display === "string") this.put(event.id, event.display);
    const silent = this.persons.get(event.unpublished);
    if (silent) silent.streams = [];
    for (const key of ["leaving", "kicked"]) this.persons.delete(event[key]);
  }

  put(number, text, streams) {
    if (number === this.me) return;
    const known = this.persons.get(number);
    const display = text === undefined && known ? known.display : parseDisplay(text ?? String(number));
    const raised = display.hand ? (known?.raised || ++this.order) : 0;
    const lines = streams ? streams.filter((s) => !s.disabled) : known?.streams ?? [];
    this.persons.set(number, { number, display, streams: lines, raised });
  }

  // Beside the person in the chair the province's console may be in the room, without a camera.
  get chair() {
    const chairs = [...this.persons.values()].filter((p) => p.display.chair);
    return chairs.find((p) => p.streams.length) ?? chairs[0];
  }

  get floor() {
    const given = [...this.persons.values()].find((p) => p.display.chair && p.display.floor !== null);
    return given ? given.display.floor : null;
  }

  hands() {
    return [...this.persons.values()].filter((p) => p.raised).sort((a, b) => a.raised - b.raised);
  }

  // Whose picture to show: the floor's, the chair's, the first; `chosen` comes before all.
  seen(floor, chosen) {
    const list = [this.persons.get(chosen), this.persons.get(floor), this.chair, ...this.persons.values()];
    return list.find((p) => p && p.streams.some((s) => s.type === "video"));
  }

  // All streams to receive: one picture and everybody's sound.
  wanted(floor, chosen) {
    const seen = this.seen(floor, chosen);
    const streams = [];
    for (const person of this.persons.values()) {
      for (const s of person.streams) {
        if (s.type === "audio" || (s.type === "video" && person === seen)) {
          streams.push({ feed: person.number, mid: s.mid, type: s.type });
        }
      }
    }
    return streams;
  }
}
