// The page's call: one handle that publishes, one that receives what is wanted.
import Janus from "/library/janus.es.js";

const PLUGIN = "janus.plugin.videoroom";
const sameStream = (a, b) => a.feed === b.feed && a.mid === b.mid;

export class RefusedError extends Error {
  constructor(code, sentence) { super(sentence); this.code = code; }
}

export class Call {
  // `on` has event(data), track(track, on, mid), lost(sentence)
  constructor(server, room, pin, on) {
    Object.assign(this, { server, room, pin, on });
    this.lines = new Map(); // mid of the subscription: {feed, mid, type} or null
    this.queue = Promise.resolve(); // changes of the subscription happen one after another
    this.subscriber = null;
    this.over = false;
  }

  async open() {
    await new Promise((done) => Janus.init({
      debug: ["error", "warn"],
      dependencies: Janus.useDefaultDependencies({ adapter: window.adapter }),
      callback: done,
    }));
    await new Promise((done, failed) => {
      this.janus = new Janus({
        server: this.server, iceServers: [], success: done,
        error: (why) => { failed(new Error(why)); this.lose(String(why)); },
        destroyed: () => this.lose("the session is over"),
      });
    });
    this.publisher = await this.attach({
      onmessage: (message, jsep) => this.hear(this.publisher, message, jsep),
      webrtcState: (up, why) => { if (!up) this.lose(why ?? "no media path"); },
    });
  }

  async join(display, more, tracks) {
    const publishing = tracks.map((track) => ({ type: track.kind, capture: track, recv: false }));
    const jsep = publishing.length
      ? await new Promise((success, error) => this.publisher.createOffer({ tracks: publishing, success, error }))
      : undefined;
    const body = { request: jsep ? "joinandconfigure" : "join", ptype: "publisher", room: this.room, display, ...more };
    if (this.pin) body.pin = this.pin;
    return await this.ask(this.publisher, body, jsep, (data) => data.videoroom === "joined");
  }

  async rename(display) {
    await this.ask(this.publisher, { request: "configure", display }, undefined, (data) => data.configured === "ok");
  }

  // Bring what is received to `wanted`, a list of {feed, mid, type}.
  want(wanted) {
    this.queue = this.queue.then(() => this.bring(wanted)).catch((error) => Janus.warn(error.message));
    return this.queue;
  }

  leave() {
    this.over = true;
    this.janus?.destroy({ unload: false });
  }

  async bring(wanted) {
    if (this.over) return;
    if (!this.subscriber) {
      if (!wanted.length) return;
      this.subscriber = await this.attach({
        onmessage: (message, jsep) => this.hear(this.subscriber, message, jsep),
        onremotetrack: (track, mid, on) => this.on.track(track, on, mid),
      });
      const body = { request: "join", ptype: "subscriber", room: this.room };
      body.streams = wanted.map(({ feed, mid }) => ({ feed, mid }));
      if (this.pin) body.pin = this.pin;
      await this.ask(this.subscriber, body, undefined, (data) => data.videoroom === "attached");
      return;
    }
    const have = [...this.lines].filter(([, line]) => line);
    let add = wanted.filter((w) => !have.some(([, line]) => sameStream(w, line)));
    let drop = have.filter(([, line]) => !wanted.some((w) => sameStream(w, line)));
    const picture = add.find((w) => w.type === "video");
    const old = drop.find(([, line]) => line.type === "video");
    if (picture && old) {
      const streams = [{ feed: picture.feed, mid: picture.mid, sub_mid: old[0] }];
      await this.ask(this.subscriber, { request: "switch", streams }, undefined, (data) => data.switched === "ok");
      this.lines.set(old[0], picture);
      add = add.filter((w) => w !== picture);
      drop = drop.filter((d) => d !== old);
    }
    if (!add.length && !drop.length) return;
    const body = { request: "update" };
    if (add.length) body.subscribe = add.map(({ feed, mid }) => ({ feed, mid }));
    if (drop.length) body.unsubscribe = drop.map(([mid]) => ({ sub_mid: mid }));
    await this.ask(this.subscriber, body, undefined, (data) => ["updated", "updating"].includes(data.videoroom));
  }

  hear(handle, message, jsep) {
    const waiting = handle?.waiting;
    if (waiting && (message.error_code || waiting.answers(message))) {
      handle.waiting = null;
      if (message.error_code) waiting.failed(new RefusedError(message.error_code, message.error));
      else waiting.done(message);
    }
    if (handle === this.publisher) {
      if (jsep) handle.handleRemoteJsep({ jsep });
      if (!message.error_code) this.on.event(message);
    } else if (message.streams) {
      for (const s of message.streams) {
        this.lines.set(s.mid, s.active && s.feed_id ? { feed: s.feed_id, mid: s.feed_mid, type: s.type } : null);
      }
      if (jsep) this.answer(jsep);
    }
  }

  answer(jsep) {
    this.subscriber.createAnswer({
      jsep,
      tracks: [],
      success: (mine) => this.subscriber.send({ message: { request: "start" }, jsep: mine }),
      error: (error) => Janus.warn("answer: " + error),
    });
  }

  ask(handle, message, jsep, answers) {
    return new Promise((done, failed) => {
      const timer = setTimeout(() => { handle.waiting = null; failed(new Error("no answer from the server")); }, 8000);
      handle.waiting = {
        answers,
        done: (data) => { clearTimeout(timer); done(data); },
        failed: (error) => { clearTimeout(timer); failed(error); },
      };
      handle.send({ message, jsep });
    });
  }

  attach(callbacks) {
    return new Promise((success, error) => this.janus.attach({
      plugin: PLUGIN, success, error: (why) => error(new Error(why)), ...callbacks,
    }));
  }

  lose(why) {
    if (this.over) return;
    this.over = true;
    this.on.lost(why);
  }
}
