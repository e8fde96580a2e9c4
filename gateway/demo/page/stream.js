// Server-sent events by fetch, because EventSource can't send the Authorization header.
// After a drop the stream resumes with since=, so nothing is missed and nothing is read twice.

const SILENCE = 45_000; // the server sends at least a comment every 15 s

async function* frames(response, onOctets) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    onOctets();
    pending += value;
    const blocks = pending.split(/\r\n\r\n|\n\n|\r\r/);
    pending = blocks.pop();
    for (const block of blocks) {
      const frame = { event: "message", data: [], id: undefined, retry: undefined };
      for (const line of block.split(/\r\n|\n|\r/)) {
        const [, field, text] = /^([^:]*):? ?(.*)$/.exec(line);
        if (field === "data") frame.data.push(text);
        else if (field) frame[field] = text;
      }
      if (frame.data.length) yield { ...frame, data: JSON.parse(frame.data.join("\n")) };
    }
  }
}

export class Stream {
  constructor(api, folder, since, handlers) {
    Object.assign(this, { api, folder, since, handlers, closed: false, failures: 0 });
    this.#run();
  }

  close() {
    this.closed = true;
    this.abort?.abort();
    this.wake?.();
  }

  // Try again now: the page came back to the front, or the network did.
  nudge() {
    this.wake?.();
  }

  async #run() {
    while (!this.closed) {
      const wait = await this.#once();
      if (this.closed) return;
      this.handlers.state("waiting");
      await new Promise((resolve) => {
        this.wake = resolve;
        setTimeout(resolve, wait);
      });
      this.wake = undefined;
    }
  }

  // One connection; the answer is how many milliseconds to wait before the next.
  async #once() {
    this.abort = new AbortController();
    let retry = null;
    let silence;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => this.abort.abort(), SILENCE);
    };
    try {
      this.handlers.state("connecting");
      heard();
      const response = await this.api.events(this.folder, this.since, this.abort.signal);
      for await (const frame of frames(response, heard)) {
        this.failures = 0;
        if (frame.id) this.since = frame.id;
        if (frame.event === "hello") this.handlers.state("live", frame.data);
        else if (frame.event === "changes") this.handlers.changes(frame.data);
        else if (frame.event === "resync") {
          this.since = null;
          this.handlers.resync(frame.data);
        } else if (frame.event === "bye") retry = frame.data.retry;
      }
    } catch (error) {
      if (error.status === 401) this.closed = true;
      if (error.status === 410 || error.status === 400) {
        this.since = null;
        this.handlers.resync(null);
      }
    } finally {
      clearTimeout(silence);
    }
    this.failures += 1;
    return retry ?? Math.min(10_000, 400 * 2 ** Math.min(this.failures, 6)) * (0.7 + Math.random() * 0.6);
  }
}
