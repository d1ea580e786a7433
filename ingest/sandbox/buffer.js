// What codecs use of Node's Buffer, which ChirpStack offers to codecs: bytes in, numbers and texts out. Ours, from the
// documented behaviour; given only to a codec that names it.
globalThis.Buffer = class Buffer extends Uint8Array {
  static from(value, encoding) {
    if (typeof value !== "string") return super.from(value);
    const text = encoding === "base64" ? atob(value) : encoding === "hex" ? value.replace(/([0-9a-f]{2})/gi, (_, pair) =>
      String.fromCharCode(parseInt(pair, 16))) : encoding === "latin1" || encoding === "ascii" || encoding === "binary" ? value
      : unescape(encodeURIComponent(value));
    return super.from(text, (letter) => letter.charCodeAt(0));
  }
  static alloc(size, fill) { return fill === undefined ? new Buffer(size) : new Buffer(size).fill(fill); }
  static allocUnsafe(size) { return new Buffer(size); }
  static isBuffer(value) { return value instanceof Buffer; }
  static byteLength(text, encoding) { return Buffer.from(text, encoding).length; }
  static concat(parts, length) {
    const whole = new Buffer(length === undefined ? parts.reduce((sum, part) => sum + part.length, 0) : length);
    parts.reduce((at, part) => { whole.set(part.subarray(0, whole.length - at), at); return at + part.length; }, 0);
    return whole;
  }
  slice(from, to) { return this.subarray(from, to); }  // Node's shares its bytes
  equals(other) { return this.length === other.length && this.every((byte, i) => byte === other[i]); }
  toJSON() { return { type: "Buffer", data: Array.from(this) }; }
  toString(encoding, from, to) {
    const bytes = Array.from(this.subarray(from, to));
    if (encoding === "hex") return bytes.map((byte) => (byte + 256).toString(16).slice(1)).join("");
    const text = bytes.map((byte) => String.fromCharCode(byte)).join("");
    if (encoding === "base64") return btoa(text);
    if (encoding === "latin1" || encoding === "binary") return text;
    if (encoding === "ascii") return text.replace(/[\x80-\xff]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) & 127));
    try { return decodeURIComponent(escape(text)); } catch (notUtf8) { return text.replace(/[\x80-\xff]/g, "\ufffd"); }
  }
  readUIntBE(at, size) { let value = 0; for (let i = 0; i < size; i++) value = value * 256 + this.#at(at + i); return value; }
  readUIntLE(at, size) { let value = 0; for (let i = size; i-- > 0;) value = value * 256 + this.#at(at + i); return value; }
  readIntBE(at, size) { const value = this.readUIntBE(at, size), half = 2 ** (8 * size - 1); return value < half ? value : value - 2 * half; }
  readIntLE(at, size) { const value = this.readUIntLE(at, size), half = 2 ** (8 * size - 1); return value < half ? value : value - 2 * half; }
  writeUIntBE(value, at, size) { for (let i = size; i-- > 0; value = Math.floor(value / 256)) this[at + i] = value % 256; return at + size; }
  writeUIntLE(value, at, size) { for (let i = 0; i < size; i++, value = Math.floor(value / 256)) this[at + i] = value % 256; return at + size; }
  writeIntBE(value, at, size) { return this.writeUIntBE(value < 0 ? value + 2 ** (8 * size) : value, at, size); }
  writeIntLE(value, at, size) { return this.writeUIntLE(value < 0 ? value + 2 ** (8 * size) : value, at, size); }
  #at(place) {
    if (place < 0 || place >= this.length) throw new RangeError("Attempt to access memory outside buffer bounds");
    return this[place];
  }
};
for (const size of [1, 2, 4])
  for (const order of size === 1 ? [""] : ["BE", "LE"])
    for (const sign of ["Int", "UInt"]) {
      const to = order || "BE", method = sign + to, name = sign + 8 * size + order;
      const read = function (at = 0) { return this["read" + method](at, size); };
      const write = function (value, at = 0) { return this["write" + method](value, at, size); };
      for (const alias of sign === "UInt" ? [name, "Uint" + 8 * size + order] : [name]) {
        Buffer.prototype["read" + alias] = read;
        Buffer.prototype["write" + alias] = write;
      }
    }
for (const [name, size, kind] of [["Float", 4, "Float32"], ["Double", 8, "Float64"], ["BigInt64", 8, "BigInt64"], ["BigUInt64", 8, "BigUint64"]])
  for (const order of ["BE", "LE"]) {
    Buffer.prototype["read" + name + order] = function (at = 0) {
      return new DataView(this.buffer, this.byteOffset, this.length)["get" + kind](at, order === "LE");
    };
    Buffer.prototype["write" + name + order] = function (value, at = 0) {
      new DataView(this.buffer, this.byteOffset, this.length)["set" + kind](at, value, order === "LE");
      return at + size;
    };
  }
