// The port bus: devices of 8 bits, which wider accesses reach byte by byte, and wider ones that ask
// for it. What nobody answers reads as ones.

/** A device's side of some ports. `offset` counts from the first of them. */
export interface PortDevice {
  read(offset: number, bytes: number): number;
  write(offset: number, value: number, bytes: number): void;
}

interface Claim {
  device: PortDevice;
  first: number;
  /** Widest access that the device takes whole, in bytes. */
  width: number;
}

export class PortBus {
  readonly #claims = new Map<number, Claim>();

  /** Gives `count` ports from `first` on to a device. @throws Error when one is taken. */
  claim(first: number, count: number, device: PortDevice, width = 1): void {
    const claim: Claim = { device, first, width };
    for (let port = first; port < first + count; port++) {
      if (this.#claims.has(port)) throw new Error(`port 0x${port.toString(16)} is taken`);
      this.#claims.set(port, claim);
    }
  }

  isClaimed(port: number): boolean {
    return this.#claims.has(port);
  }

  read(port: number, bytes: number): number {
    const claim = this.#claims.get(port);
    if (claim !== undefined && bytes <= claim.width)
      return claim.device.read(port - claim.first, bytes);
    if (bytes === 1) return 0xff;
    let value = 0;
    for (let i = 0; i < bytes; i++) value |= this.read((port + i) & 0xffff, 1) << (8 * i);
    return value >>> 0;
  }

  write(port: number, value: number, bytes: number): void {
    const claim = this.#claims.get(port);
    if (claim !== undefined && bytes <= claim.width)
      claim.device.write(port - claim.first, value, bytes);
    else if (bytes > 1)
      for (let i = 0; i < bytes; i++)
        this.write((port + i) & 0xffff, (value >>> (8 * i)) & 0xff, 1);
  }
}
