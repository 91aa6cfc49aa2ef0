// A client of Porchlight's chat for browsers, without dependencies. socket.md says what travels; copy this and change it.
//
//   const porchlight = new Porchlight({
//     url: "wss://help.example.com/api/provider-communication/realtime",
//     token: (refused) => session.token({ fresh: refused }),
//     onReload: async () => ({ "booking-1": await showHistory("booking-1") }),
//     onEvent: (event) => show(event),
//     onState: (state, code) => { banner.hidden = state === "open"; },
//   });
//   await porchlight.send("booking-1", { text: "I am at the door." });
//   input.oninput = () => porchlight.typing("booking-1");
//   picker.onchange = () => porchlight.sendFile("booking-1", picker.files[0]);
//   image.src = await porchlight.file(message.attachments[0].thumbnailUrl);
//
// token     gives a token or a promise of one, another one where `refused` is true, null where nobody is signed in.
// onReload  loads everything over REST, at the first welcome too, and gives the last `seq` shown of each room. Events wait
//           for its promise; where it fails, it is called again after a while.
// onEvent   hears every event once, in order. That somebody stopped typing is also told when they only fell silent.
// onState   hears `connecting`, `open`, `waiting` (it tries again) and `closed` (it does not), the last two with a code.

const NEVER = new Set([1000, 1002, 1007, 1008, 1009, 4403, 4409]);
const SILENCE = 1006;
const WELCOME_SECONDS = 10;
const LONGEST_WAIT_MS = 30_000;
const RETRY_MS = 2000;
const TYPING_MS = 3000;
const TRIES = 5;

/** How long to wait after a close; chance keeps a thousand clients from coming back in the same moment. */
function wait(code, attempt, notice) {
  if (notice !== null) return notice;
  if (code === 1012) return Math.random() * 10_000;
  if (code === 4408) return 0;
  if (code === 4429) return 60_000 + Math.random() * 10_000;
  return Math.random() * Math.min(LONGEST_WAIT_MS, 1000 * 2 ** attempt);
}

/** What a proxy in between says is no problem of Porchlight's. */
function told(answer) {
  return answer.json().catch(() => ({ detail: `HTTP ${answer.status}`, retryable: answer.status >= 500 }));
}

function failure(problem) {
  return Object.assign(new Error(problem.detail), { problem });
}

/** A message after a receipt (`messages.delivered`, `messages.read`): whom it has been sent to, and who has read it. */
export function received(message, { type, data }) {
  if (data.bookingId !== message.bookingId || data.seq < message.seq || data.userId === message.sender.id) return message;
  const joined = (ids) => [...new Set([...ids, data.userId])].sort();
  const readBy = type === "messages.read" ? joined(message.readBy) : message.readBy;
  return { ...message, readBy, deliveredTo: joined(message.deliveredTo) };
}

export class Porchlight {
  #options;
  #api;
  #socket = null;
  #ready = false;
  #closed = false;
  #attempt = 0;
  #refused = false;
  #notice = null;
  #quiet = true;
  #pinging;
  #timer;
  // The place in the stream, and the last `seq` of each room: whatever is not beyond them was shown before.
  #epoch = null;
  #positions = {};
  #shown = new Map();
  // What the server has not acknowledged, in the order it was asked for.
  #requests = [];
  #sent = false;
  #lastId = 0;
  #most = 65_536;
  // When a room was last told that the user writes, and who else is writing where, until they fall silent.
  #told = new Map();
  #typists = new Map();
  // Frames are taken one after the other, also where one has to wait for a reload.
  #turn = Promise.resolve();

  constructor(options) {
    this.#options = options;
    this.#api = options.url.replace(/^ws/, "http").replace(/realtime$/, "");
    this.#connect();
  }

  /** The stored message. With a `clientMessageId` kept across visits, a message can be sent again without doubling it. */
  send(bookingId, message) {
    const clientMessageId = message.clientMessageId ?? crypto.randomUUID();
    this.#told.delete(bookingId);
    return this.#request({ type: "message.send", bookingId, message: { ...message, clientMessageId } });
  }

  /** Mark a room as read up to a `seq`. */
  read(bookingId, seq) {
    return this.#request({ type: "messages.read", bookingId, seq });
  }

  /** Say that the user writes, or stopped. Call it at every key: what others know already is not sent. */
  typing(bookingId, typing = true) {
    const silence = Date.now() - (this.#told.get(bookingId) ?? 0);
    if (!this.#ready || (typing ? silence < TYPING_MS : !this.#told.has(bookingId))) return;
    if (typing) this.#told.set(bookingId, Date.now());
    else this.#told.delete(bookingId);
    this.#socket.send(JSON.stringify({ type: "typing", id: "typing", bookingId, typing }));
  }

  /** Show where the user is: `{ latitude, longitude, accuracy, shareForSeconds }`, or null to stop. */
  share(bookingId, position) {
    return this.#request({ type: "location", bookingId, ...(position ?? { stop: true }) });
  }

  /** Store a file and send it, an image as such; the stored message. */
  async sendFile(bookingId, file, message = {}) {
    const { id, type } = await this.upload(file);
    return this.send(bookingId, { type: type.startsWith("image/") ? "image" : "file", ...message, attachmentIds: [id] });
  }

  /** Store a file; its `id` goes into the `attachmentIds` of a message. */
  async upload(file, purpose = "chat") {
    const body = new FormData();
    body.append("purpose", purpose);
    body.append("file", file);
    return (await this.fetch("files", { method: "POST", body })).json();
  }

  /** An address for `src` and `href` of what an attachment's `url` stands for; revoke it when it is no longer shown. */
  async file(url) {
    return URL.createObjectURL(await (await this.fetch(url)).blob());
  }

  /** Ask over REST, below the API's address, again after a break or with a new token: a POST takes effect once. */
  async fetch(path, options = {}) {
    const key = crypto.randomUUID();
    for (let attempt = 0, refused = false; ; attempt++) {
      const token = await this.#options.token(refused);
      const headers = { Authorization: `Bearer ${token}`, "Idempotency-Key": key, ...options.headers };
      const answer = await fetch(new URL(path, this.#api), { ...options, headers }).catch((error) => error);
      if (answer.ok) return answer;
      const problem = answer instanceof Error ? { detail: answer.message, retryable: true } : await told(answer);
      refused = problem.status === 401 && !refused;
      if (attempt === TRIES || !(refused || problem.retryable)) throw failure(problem);
      if (!refused) await new Promise((resolve) => setTimeout(resolve, wait(SILENCE, attempt, null)));
    }
  }

  close() {
    if (!this.#closed) this.#end(1000);
  }

  async #connect() {
    this.#tell("onState", "connecting");
    let token;
    try {
      // A reload that outlived its socket still gives the place to resume from.
      await this.#turn;
      // Before there is a socket, whose hello must come within seconds.
      token = await this.#options.token(this.#refused);
    } catch (error) {
      console.error(error);
      token = undefined;
    }
    if (this.#closed) return;
    if (token === null) return this.#end(4401);
    if (token === undefined) return this.#broke(SILENCE);
    this.#open(new WebSocket(this.#options.url), token);
  }

  #open(socket, token) {
    this.#socket = socket;
    const resume = this.#epoch === null ? {} : { resume: { epoch: this.#epoch, positions: this.#positions } };
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", id: "hello", token, ...resume }));
    socket.onmessage = ({ data }) => {
      this.#quiet = false;
      this.#turn = this.#turn.then(() => (socket === this.#socket ? this.#hear(JSON.parse(data)) : undefined));
    };
    socket.onclose = ({ code }) => socket === this.#socket && this.#broke(code);
    this.#watch(WELCOME_SECONDS);
  }

  /** A dead connection does not close by itself: no frame between two ticks, not even the answer to a ping, is a break. */
  #watch(seconds) {
    clearInterval(this.#pinging);
    this.#pinging = setInterval(() => {
      if (this.#quiet) return this.#broke(SILENCE);
      this.#quiet = true;
      // Only what lived this long was no flicker: the next wait is short again.
      this.#attempt = 0;
      this.#socket.send(JSON.stringify({ type: "ping", id: "ping" }));
    }, seconds * 1000);
  }

  async #hear(frame) {
    if (frame.type === "welcome") await this.#welcomed(frame);
    else if (frame.type === "ack" || frame.type === "error") this.#answered(frame);
    else if (frame.type === "restarting") this.#notice = frame.reconnectInMs;
    else if (frame.position === undefined || this.#isNew(frame)) this.#happened(frame);
  }

  async #welcomed({ epoch, positions, recovered, readOnly, pingIntervalSeconds, maxFrameBytes }) {
    const socket = this.#socket;
    this.#watch(pingIntervalSeconds);
    this.#most = maxFrameBytes;
    if (!recovered) {
      try {
        this.#shown = new Map(Object.entries((await this.#options.onReload()) ?? {}));
        // Not earlier: a reload that failed must be asked for again.
        [this.#epoch, this.#positions] = [epoch, positions];
      } catch (error) {
        console.error(error);
        if (socket === this.#socket) this.#broke(SILENCE);
      }
    }
    if (socket !== this.#socket) return;
    this.#ready = true;
    this.#tell("onState", "open");
    this.#tell("onEvent", { type: "mode", readOnly });
    this.#next();
  }

  #happened(event) {
    const { type, data } = event;
    if (type === "typing") this.#fade(data);
    // Whoever has sent it writes no longer.
    if (type === "message.created") this.#fellSilent(data.bookingId, data.sender.id);
    this.#tell("onEvent", event);
  }

  /** Typing runs out by itself: its end may be lost. */
  #fade({ bookingId, userId, typing, expiresInMs }) {
    const who = `${bookingId} ${userId}`;
    clearTimeout(this.#typists.get(who));
    this.#typists.delete(who);
    if (typing) this.#typists.set(who, setTimeout(() => this.#fellSilent(bookingId, userId), expiresInMs));
  }

  #fellSilent(bookingId, userId) {
    if (!this.#typists.has(`${bookingId} ${userId}`)) return;
    const data = { bookingId, userId, typing: false, expiresInMs: null };
    this.#fade(data);
    this.#tell("onEvent", { type: "typing", data });
  }

  #isNew({ type, topic, position, data }) {
    if (position <= (this.#positions[topic] ?? 0)) return false;
    this.#positions[topic] = position;
    // Changed or deleted since: a later event tells how.
    if (data === null) return false;
    if (type !== "message.created") return true;
    if (data.seq <= (this.#shown.get(data.bookingId) ?? 0)) return false;
    this.#shown.set(data.bookingId, data.seq);
    return true;
  }

  #request(fields) {
    const id = ++this.#lastId;
    const text = JSON.stringify({ type: fields.type, id, ...fields });
    // The server would close for good.
    if (new TextEncoder().encode(text).length > this.#most) return Promise.reject(new Error("too big"));
    if (this.#closed) return Promise.reject(new Error("closed"));
    return new Promise((resolve, reject) => {
      this.#requests.push({ id, text, resolve, reject });
      this.#next();
    });
  }

  /** One at a time: what has to be sent again goes out before what was written after it. */
  #next() {
    if (!this.#ready || this.#sent || !this.#requests.length) return;
    this.#sent = true;
    this.#socket.send(this.#requests[0].text);
  }

  #answered({ type, id, result, problem }) {
    if (!this.#sent || id !== this.#requests[0].id) return;
    if (problem?.retryable) {
      this.#timer = setTimeout(() => this.#again(), RETRY_MS * (1 + Math.random()));
      return;
    }
    const { resolve, reject } = this.#requests.shift();
    if (type === "ack") resolve(result);
    else reject(failure(problem));
    this.#again();
  }

  #again() {
    this.#sent = false;
    this.#next();
  }

  #broke(code) {
    this.#leave();
    if (NEVER.has(code)) return this.#end(code);
    this.#refused = code === 4401;
    this.#tell("onState", "waiting", code);
    this.#timer = setTimeout(() => this.#connect(), wait(code, this.#attempt++, this.#notice));
    this.#notice = null;
  }

  /** From here on the old socket is not heard; a dead one may take minutes to close. */
  #leave() {
    const socket = this.#socket;
    this.#socket = null;
    this.#ready = this.#sent = false;
    this.#quiet = true;
    clearInterval(this.#pinging);
    clearTimeout(this.#timer);
    socket?.close();
  }

  #end(code) {
    this.#leave();
    this.#closed = true;
    for (const timer of this.#typists.values()) clearTimeout(timer);
    for (const { reject } of this.#requests.splice(0)) reject(new Error("closed"));
    this.#tell("onState", "closed", code);
  }

  /** A mistake in a callback is the app's, and costs nobody their place. */
  #tell(callback, ...what) {
    try {
      this.#options[callback](...what);
    } catch (error) {
      console.error(error);
    }
  }
}
