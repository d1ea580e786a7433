// Runs one vendor's codec (LoRa Alliance TS013-1.0.0) again and again in one realm, so that no run finds what another
// one left. Evaluated before the codec; gives start(make, shared) -> run, or null where the codec cannot be run so.
//
// make() evaluates the codec's source as the body of a function: its variables and functions are new at each call.
// What the codec changes outside of itself (globals that it forgot to declare, Object.assign replaced by its own)
// is looked for after each run and put back. Everything used here is taken before the codec runs and no method is
// called on a value: a codec may have replaced any of them.
(function () {
  "use strict";
  const { ownKeys, getOwnPropertyDescriptor, defineProperty, deleteProperty, getPrototypeOf, setPrototypeOf, isExtensible, apply } = Reflect;
  const { freeze, keys } = Object;
  const { isArray } = Array;
  const { parse, stringify } = JSON;
  const NewDate = Date, Text = String, { isWellFormed, toWellFormed } = String.prototype, exec = RegExp.prototype.exec, where = /<input>:(\d+)/;
  const isSafe = Number.isSafeInteger, ToNumber = Number;
  const global = globalThis;

  // What a decoder of bytes has no use for: threads, clocks of garbage, hooks into the engine's stack traces.
  for (const name of ["Atomics", "SharedArrayBuffer", "FinalizationRegistry", "WeakRef", "queueMicrotask", "performance"])
    deleteProperty(global, name);
  for (const name of ["prepareStackTrace", "stackTraceLimit", "captureStackTrace"]) deleteProperty(Error, name);
  const silent = freeze(() => undefined);
  const quiet = {};
  for (const name of ["log", "info", "warn", "error", "debug", "trace"]) quiet[name] = silent;
  global.console = freeze(quiet);

  // Every object of the language that a program can reach, by its global names or by its syntax.
  function reachable() {
    const seen = new Set(), waiting = [global, getPrototypeOf(async function () {}), getPrototypeOf(function* () {}),
      getPrototypeOf(async function* () {}), getPrototypeOf([][Symbol.iterator]()), getPrototypeOf(""[Symbol.iterator]()),
      getPrototypeOf(new Map().keys()), getPrototypeOf(new Set().keys()), getPrototypeOf("".matchAll(/a/g)),
      getPrototypeOf([].values().map(silent)), getPrototypeOf(Iterator.from({ next: silent }))];
    while (waiting.length) {
      const one = waiting.pop();
      if ((typeof one !== "object" && typeof one !== "function") || one === null || seen.has(one)) continue;
      seen.add(one);
      waiting.push(getPrototypeOf(one));
      for (const key of ownKeys(one)) {
        const its = getOwnPropertyDescriptor(one, key);
        waiting.push(its.value, its.get, its.set);
      }
    }
    return [...seen];
  }

  function same(a, b) {
    return a !== undefined && b !== undefined && a.get === b.get && a.set === b.set && a.writable === b.writable
      && a.enumerable === b.enumerable && (a.value === b.value || (a.value !== a.value && b.value !== b.value));
  }

  // The realm as it is now. `loose` are the properties that the codec itself redefines as it is loaded: these stay
  // configurable and are compared whole; of all others the value is enough, as they can be neither removed nor made
  // accessors. Functions with nothing but a name and a length are frozen: nothing can be hung on them.
  function realm() {
    const objects = [], names = [], parents = [], owners = [], at = [], values = [], loose = [];
    const every = reachable();
    for (let i = 0; i < every.length; i++) {
      const one = every[i];
      if (!isExtensible(one)) continue;
      if (typeof one === "function" && ownKeys(one).every((key) => key === "length" || key === "name")) freeze(one);
      else { objects[objects.length] = one; names[names.length] = ownKeys(one); parents[parents.length] = getPrototypeOf(one); }
    }
    const before = names.map((its, i) => its.map((key) => getOwnPropertyDescriptor(objects[i], key)));
    return {
      // Puts back what differs; false where it cannot.
      restore() {
        // Set whether it differs or not: what was made read-only throws, and is a trace, too.
        try { for (let i = 0; i < owners.length; i++) owners[i][at[i]] = values[i]; } catch (readOnly) { return false; }
        for (let i = 0; i < loose.length; i++) {
          const { one, key, was } = loose[i];
          if (!same(getOwnPropertyDescriptor(one, key), was) && !defineProperty(one, key, was)) return false;
        }
        for (let i = 0; i < objects.length; i++) {
          if (!isExtensible(objects[i]) || getPrototypeOf(objects[i]) !== parents[i]) return false;
          const now = ownKeys(objects[i]);
          if (!strip(objects[i], now, names[i])) return false;
        }
        return true;
      },
      // After the codec was loaded once: sees what it changed, puts it back, and makes the rest fast.
      settle() {
        for (let i = 0; i < objects.length; i++)
          if (!isExtensible(objects[i]) || getPrototypeOf(objects[i]) !== parents[i] || !strip(objects[i], ownKeys(objects[i]), names[i])) return false;
        for (let i = 0; i < objects.length; i++) {
          for (let j = 0; j < names[i].length; j++) {
            const one = objects[i], key = names[i][j], was = before[i][j];
            if (!same(getOwnPropertyDescriptor(one, key), was)) {
              if (!defineProperty(one, key, was)) return false;
              loose[loose.length] = { one, key, was };
              continue;
            }
            if (was.configurable && !defineProperty(one, key, { configurable: false })) return false;
            if (was.writable) { owners[owners.length] = one; at[at.length] = key; values[values.length] = was.value; }
          }
        }
        return true;
      },
    };
  }

  // Removes what was not there. A codec cannot have removed one and added another: what is there stays (settle), but
  // for what the codec redefines itself, which is compared whole.
  function strip(one, now, was) {
    if (now.length === was.length) return true;
    for (let i = 0; i < now.length; i++) {
      let known = false;
      for (let j = 0; j < was.length && !known; j++) known = now[i] === was[j];
      if (!known && !deleteProperty(one, now[i])) return false;
    }
    return true;
  }

  // What JSON cannot say of a result, and whether it is too large; notes name the place.
  function look(value, depth, place, state) {
    if (typeof value === "number") {
      if (value !== value || value === Infinity || value === -Infinity) note(state, place + " is " + Text(value) + ": left empty");
    } else if (typeof value === "bigint") state.odd = true;
    else if (typeof value === "string") {
      if (!apply(isWellFormed, value, [])) state.odd = true;  // half of a character
      if ((state.room -= value.length) < 0) throw new RangeError("the result holds more text than is allowed");
    } else if (typeof value === "object" && value !== null) {
      if (depth <= 0) throw new RangeError("the result is nested too deeply, or holds itself, at " + place);
      const its = keys(value);
      if ((state.values -= its.length) < 0) throw new RangeError("the result holds more values than are allowed");
      for (let i = 0; i < its.length; i++)
        look(value[its[i]], depth - 1, isArray(value) ? place + "[" + its[i] + "]" : place + "." + its[i], state);
    }
  }
  function note(state, text) {
    if (state.notes.length < 10) state.notes[state.notes.length] = text;
  }
  const plain = (key, value) => typeof value === "string" ? apply(toWellFormed, value, [])
    : typeof value !== "bigint" ? value : isSafe(ToNumber(value)) ? ToNumber(value) : Text(value);

  const answer = (name, result) => ({ name, result });
  const kinds = {
    load: () => answer("load", { __proto__: null }),  // it was loaded as it is for each call, and nothing of it called
    decodeUplink: (codec, input) => codec.decodeUplink ? answer("decodeUplink", codec.decodeUplink(input))
      : codec.Decode ? answer("Decode", codec.Decode(input.fPort, input.bytes, input.variables))
      : answer("Decoder", codec.Decoder(input.bytes, input.fPort)),
    decodeDownlink: (codec, input) => answer("decodeDownlink", codec.decodeDownlink(input)),
    encodeDownlink: (codec, input) => codec.encodeDownlink ? answer("encodeDownlink", codec.encodeDownlink(input))
      : codec.Encode ? answer("Encode", codec.Encode(input.fPort, input.data, input.variables))
      : answer("Encoder", codec.Encoder(input.data, input.fPort)),
  };
  const able = {
    load: () => true,
    decodeUplink: (codec) => codec.decodeUplink || codec.Decode || codec.Decoder,
    decodeDownlink: (codec) => codec.decodeDownlink,
    encodeDownlink: (codec) => codec.encodeDownlink || codec.Encode || codec.Encoder,
  };

  // What we say ourselves inherits nothing: a codec may have given every object and list a toJSON of its own.
  function told(error) {
    if (typeof error !== "object" || error === null) return { __proto__: null, name: "", message: Text(error) };
    const found = apply(exec, where, [Text(error.stack)]);
    const line = found === null ? undefined : ToNumber(found[1]);
    return { __proto__: null, name: Text(error.name), message: Text(error.message), line };
  }

  // One call of the codec: JSON in, JSON out. Nothing but the engine's own limits gets past the catch.
  function once(make, text) {
    const call = parse(text), state = { __proto__: null, notes: [], values: call.values, room: call.room, odd: false };
    setPrototypeOf(state.notes, null);
    const input = call.input;
    if (input.recvTime !== undefined) input.recvTime = new NewDate(input.recvTime);
    let out;
    try {
      const codec = make(text);
      if (!able[call.name](codec)) return stringify({ __proto__: null, missing: call.name });
      const { name, result } = kinds[call.name](codec, input);
      if (result !== null && typeof result === "object" && typeof result.then === "function")
        return stringify({ __proto__: null, name, thrown: { __proto__: null, name: "", message: "the codec answers with a promise; TS013 asks for the result itself" } });
      look(result, call.depth, "result", state);
      out = stringify({ __proto__: null, name, result, notes: state.notes }, state.odd ? plain : undefined);
    } catch (error) {
      try { out = stringify({ __proto__: null, thrown: told(error) }); } catch (again) { out = '{"thrown":{"name":"","message":"an error that cannot be read"}}'; }
    }
    return out;
  }

  function fresh() {
    global.exports = {};
    global.module = { exports: global.exports };
  }

  return function start(make, shared) {
    fresh();
    if (!shared) return freeze((text) => once(make, text));
    freeze(make);
    freeze(make.prototype);
    const its = realm();
    const loaded = apply(make, global, []);  // may throw: what the codec does as it is loaded
    if (!its.settle() || !(able.decodeUplink(loaded) || able.encodeDownlink(loaded) || able.decodeDownlink(loaded))) return null;
    return freeze((text) => {
      fresh();
      const out = once(() => apply(make, global, []), text);
      return its.restore() ? out : "!" + out;
    });
  };
})()
