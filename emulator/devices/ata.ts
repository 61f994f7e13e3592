// One ATA disk on the primary channel, by programmed I/O (ATA/ATAPI-5). Commands complete at once.

import type { PortDevice } from './bus.js';

const SECTOR = 512;

const STATUS_ERROR = 1;
const STATUS_DATA_REQUEST = 8;
const STATUS_SEEK_COMPLETE = 0x10;
const STATUS_READY = 0x40;

const ERROR_ABORTED = 4;
const ERROR_ID_NOT_FOUND = 0x10;

const CONTROL_NO_INTERRUPT = 2;
const CONTROL_RESET = 4;

const DEVICE_LBA = 0x40;
const DEVICE_SLAVE = 0x10;

const HEADS = 16;
const SECTORS = 63;

/** Sectors of 512 bytes. */
export interface DiskImage {
  readonly sectors: number;
  read(sector: number, into: Uint8Array): void;
  /** @returns false when the disk cannot be written. */
  write(sector: number, from: Uint8Array): boolean;
}

/** A disk that lies in memory; what is written to it stays there. */
export function memoryDisk(bytes: Uint8Array): DiskImage {
  const sectors = Math.ceil(bytes.length / SECTOR);
  const data = new Uint8Array(sectors * SECTOR);
  data.set(bytes);
  return {
    sectors,
    read: (sector, into) => {
      into.set(data.subarray(sector * SECTOR, sector * SECTOR + into.length));
    },
    write: (sector, from) => {
      data.set(from, sector * SECTOR);
      return true;
    },
  };
}

export class AtaDisk implements PortDevice {
  readonly #disk: DiskImage | null;
  readonly #line: (up: boolean) => void;
  readonly #buffer = new Uint8Array(SECTOR);
  #position = SECTOR;
  #writing = false;
  #status = STATUS_READY | STATUS_SEEK_COMPLETE;
  #error = 1;
  #count = 1;
  #low = 1;
  #middle = 0;
  #high = 0;
  #device = 0xa0;
  #control = 0;
  /** Next sector of the command, and how many are left. */
  #sector = 0;
  #left = 0;

  /** @param line interrupt request 14. */
  constructor(disk: DiskImage | null, line: (up: boolean) => void) {
    this.#disk = disk;
    this.#line = line;
  }

  get #isAbsent(): boolean {
    return this.#disk === null || (this.#device & DEVICE_SLAVE) !== 0;
  }

  #interrupt(): void {
    if ((this.#control & CONTROL_NO_INTERRUPT) === 0) this.#line(true);
  }

  read(offset: number, bytes: number): number {
    if (offset === 0) return this.#readData(bytes);
    if (this.#disk === null) return 0xff;
    switch (offset) {
      case 1:
        return this.#error;
      case 2:
        return this.#count;
      case 3:
        return this.#low;
      case 4:
        return this.#middle;
      case 5:
        return this.#high;
      case 6:
        return this.#device;
      default:
        this.#line(false);
        return this.#isAbsent ? 0 : this.#status;
    }
  }

  write(offset: number, value: number, bytes: number): void {
    switch (offset) {
      case 0:
        this.#writeData(value, bytes);
        break;
      case 1:
        break; // features: none
      case 2:
        this.#count = value;
        break;
      case 3:
        this.#low = value;
        break;
      case 4:
        this.#middle = value;
        break;
      case 5:
        this.#high = value;
        break;
      case 6:
        this.#device = value | 0xa0;
        break;
      default:
        if (!this.#isAbsent) this.#execute(value);
    }
  }

  /** Port 0x3f6: the status again, without ending the interrupt, and device control. */
  readonly controlPort: PortDevice = {
    read: () => (this.#disk === null ? 0xff : this.#isAbsent ? 0 : this.#status),
    write: (_offset, value) => {
      if (value & CONTROL_RESET && (this.#control & CONTROL_RESET) === 0) this.#reset();
      this.#control = value;
    },
  };

  #reset(): void {
    this.#signature();
    this.#error = 1;
    this.#device = 0xa0;
    this.#status = STATUS_READY | STATUS_SEEK_COMPLETE;
    this.#position = SECTOR;
    this.#left = 0;
  }

  /** What tells an ATA disk from a packet device. */
  #signature(): void {
    this.#count = this.#low = 1;
    this.#middle = this.#high = 0;
  }

  #address(): number {
    const upper = this.#device & 15;
    if (this.#device & DEVICE_LBA)
      return this.#low + this.#middle * 0x100 + this.#high * 0x10000 + upper * 0x1000000;
    const cylinder = this.#middle | (this.#high << 8);
    return (cylinder * HEADS + upper) * SECTORS + this.#low - 1;
  }

  #setAddress(sector: number): void {
    if (this.#device & DEVICE_LBA) {
      this.#low = sector & 0xff;
      this.#middle = (sector >> 8) & 0xff;
      this.#high = (sector >> 16) & 0xff;
      this.#device = (this.#device & ~15) | ((sector >> 24) & 15);
    } else {
      const track = Math.floor(sector / SECTORS);
      const cylinder = Math.floor(track / HEADS);
      this.#low = (sector % SECTORS) + 1;
      this.#middle = cylinder & 0xff;
      this.#high = cylinder >> 8;
      this.#device = (this.#device & ~15) | (track % HEADS);
    }
  }

  #complete(): void {
    this.#status = STATUS_READY | STATUS_SEEK_COMPLETE;
    this.#error = 0;
    this.#interrupt();
  }

  #fail(error: number): void {
    this.#left = 0;
    this.#position = SECTOR;
    this.#status = STATUS_READY | STATUS_SEEK_COMPLETE | STATUS_ERROR;
    this.#error = error;
    this.#interrupt();
  }

  #execute(command: number): void {
    this.#line(false);
    this.#error = 0;
    if ((command & 0xf0) === 0x10) return this.#complete(); // recalibrate
    switch (command) {
      case 0x20:
      case 0x21:
      case 0xc4:
        return this.#begin(false);
      case 0x30:
      case 0x31:
      case 0xc5:
        return this.#begin(true);
      case 0x40:
      case 0x41: // verify
      case 0x70: // seek
        return this.#isOnDisk() ? this.#complete() : this.#fail(ERROR_ID_NOT_FOUND);
      case 0x90: // diagnostics
        this.#reset();
        return this.#interrupt();
      case 0x91: // initialize device parameters
      case 0xc6: // set multiple mode
      case 0xe0:
      case 0xe1:
      case 0xe7: // flush
      case 0xef: // set features
        return this.#complete();
      case 0xec:
        this.#identify();
        this.#left = 0;
        this.#writing = false;
        return this.#offer();
      default:
        return this.#fail(ERROR_ABORTED);
    }
  }

  #isOnDisk(): boolean {
    const sectors = this.#disk?.sectors ?? 0;
    const first = this.#address();
    return first >= 0 && first + (this.#count || 256) <= sectors;
  }

  #begin(writing: boolean): void {
    if (!this.#isOnDisk()) return this.#fail(ERROR_ID_NOT_FOUND);
    this.#sector = this.#address();
    this.#left = this.#count || 256;
    this.#writing = writing;
    if (writing) {
      this.#position = 0;
      this.#status = STATUS_READY | STATUS_SEEK_COMPLETE | STATUS_DATA_REQUEST;
    } else this.#nextSector();
  }

  #nextSector(): void {
    this.#disk?.read(this.#sector, this.#buffer);
    this.#setAddress(this.#sector);
    this.#sector++;
    this.#left--;
    this.#offer();
  }

  /** A sector is ready to be read. */
  #offer(): void {
    this.#position = 0;
    this.#status = STATUS_READY | STATUS_SEEK_COMPLETE | STATUS_DATA_REQUEST;
    this.#interrupt();
  }

  #readData(bytes: number): number {
    if (this.#writing || this.#position >= SECTOR) return bytes === 4 ? 0xffffffff : 0xffff;
    let value = 0;
    for (let i = 0; i < bytes; i++) value |= (this.#buffer[this.#position + i] ?? 0) << (8 * i);
    this.#position += bytes;
    if (this.#position >= SECTOR) {
      if (this.#left > 0) this.#nextSector();
      else this.#status = STATUS_READY | STATUS_SEEK_COMPLETE;
    }
    return value >>> 0;
  }

  #writeData(value: number, bytes: number): void {
    if (!this.#writing || this.#position >= SECTOR) return;
    for (let i = 0; i < bytes && this.#position < SECTOR; i++)
      this.#buffer[this.#position++] = value >>> (8 * i);
    if (this.#position < SECTOR) return;
    if (this.#disk?.write(this.#sector, this.#buffer) !== true) return this.#fail(ERROR_ABORTED);
    this.#setAddress(this.#sector);
    this.#sector++;
    if (--this.#left > 0) {
      this.#position = 0;
      this.#interrupt();
    } else this.#complete();
  }

  #identify(): void {
    const sectors = this.#disk?.sectors ?? 0;
    const words = new Uint16Array(256);
    const text = (first: number, count: number, value: string): void => {
      const padded = value.padEnd(2 * count);
      for (let i = 0; i < count; i++)
        words[first + i] = (padded.charCodeAt(2 * i) << 8) | padded.charCodeAt(2 * i + 1);
    };
    const cylinders = Math.min(16383, Math.floor(sectors / (HEADS * SECTORS)));
    words[0] = 0x40;
    words[1] = words[54] = cylinders;
    words[3] = words[55] = HEADS;
    words[6] = words[56] = SECTORS;
    text(10, 10, 'FL0001');
    text(23, 4, '1.0');
    text(27, 20, 'Faultline disk');
    words[49] = 0x200; // LBA
    words[53] = 1;
    words[57] = (cylinders * HEADS * SECTORS) & 0xffff;
    words[58] = (cylinders * HEADS * SECTORS) >>> 16;
    words[60] = sectors & 0xffff;
    words[61] = sectors >>> 16;
    words[80] = 0x3e; // ATA-1 to ATA-5
    words.forEach((word, i) => {
      this.#buffer[2 * i] = word;
      this.#buffer[2 * i + 1] = word >> 8;
    });
  }
}
