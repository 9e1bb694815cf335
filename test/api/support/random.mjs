// Numbers that are the same for the same seeds, whatever was drawn for others.
export class Random {
  #state;

  constructor(...seeds) {
    this.#state = seeds.reduce((state, seed) => Math.imul(state ^ (seed + 0x9e3779b9), 0x85ebca6b) >>> 0, 0x2545f491);
    this.next();
  }

  // splitmix32
  next() {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }

  below(limit) {
    return this.next() % limit;
  }

  between(first, last) {
    return first + this.below(last - first + 1);
  }

  chance(share) {
    return this.next() < share * 2 ** 32;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  hex(bytes) {
    return Array.from({ length: bytes }, () => this.below(256).toString(16).padStart(2, '0')).join('');
  }

  uuid() {
    const text = this.hex(16);
    return [text.slice(0, 8), text.slice(8, 12), `4${text.slice(13, 16)}`, `a${text.slice(17, 20)}`, text.slice(20)].join('-');
  }
}
