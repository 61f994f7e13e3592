// faultline boot, as a user meets it: ROMs, multiboot kernels, serial port, statuses and limits.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { command, execute } from '../helpers/faultline.js';
import type { Outcome, RunOptions } from '../helpers/faultline.js';
import { hex, word } from '../helpers/paged_machine.js';

const directory = mkdtempSync(join(tmpdir(), 'boot-'));
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
function image(bytes: Uint8Array): string {
  const path = join(directory, `image${files++}`);
  writeFileSync(path, bytes);
  return path;
}

function boot(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return execute(process.execPath, [command, 'boot', ...words], options);
}

/** A 64 KB ROM whose reset vector jumps to `code` at its beginning, F000:0000. */
function rom(code: string): string {
  const bytes = new Uint8Array(0x10000).fill(0xf4);
  bytes.set(hex(code));
  bytes.set(hex('ea 00 00 00 f0'), 0xfff0);
  return image(bytes);
}

const LOAD = 0x100000;

/** A multiboot kernel by load addresses, with `code` behind its header. */
function kernel(code: string, data = ''): string {
  const flags = 0x10000;
  const magic = 0x1badb002;
  const body = hex(code);
  const text = [...Buffer.from(data, 'latin1')];
  const end = LOAD + 32 + body.length + text.length;
  return image(
    Uint8Array.from([
      ...[magic, flags, -(magic + flags), LOAD, LOAD, end, end, LOAD + 32].flatMap(word),
      ...body,
      ...text,
    ]),
  );
}

/** esi: a string to the serial port; ends at 0. */
const PRINT = 'ac 84 c0 74 07 66 ba f8 03 ee eb f4';

describe('ROMs', () => {
  it('start at the reset vector; the debug port is text on stdout', async () => {
    const path = rom('b0 68 e6 e9 b0 69 e6 e9 b0 0a e6 e9 fa f4');
    expect(await boot([path])).toMatchObject({ status: 0, stdout: 'hi\n' });
    const other = rom('ba 02 04 b0 68 ee fa f4');
    expect(await boot(['--debug-port', '0x402', other])).toMatchObject({ stdout: 'h' });
  });

  it('end with (v << 1) | 1 through port f4', async () => {
    expect((await boot([rom('b0 03 e6 f4 eb fe')])).status).toBe(7);
    expect((await boot([rom('b0 00 e6 f4 eb fe')])).status).toBe(1);
  });

  it('a triple fault is status 1 and says where', async () => {
    const outcome = await boot([rom('0f 01 1e 10 00 cd 03')]);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toContain('triple fault');
  });

  it('a reset starts again, unless it is to end the run', async () => {
    const path = rom('b0 78 e6 e9 b0 fe e6 64 eb fe');
    expect(await boot(['--no-reboot', path])).toMatchObject({ status: 0, stdout: 'x' });
    const again = await boot(['--limit-instructions', '100', path]);
    expect(again.status).toBe(124);
    expect(again.stdout.length).toBeGreaterThan(10);
  });

  it('print POST codes when asked', async () => {
    const outcome = await boot(['--post', rom('b0 5a e6 80 fa f4')]);
    expect(outcome.stderr).toContain('POST 5a\n');
  });

  it('show the text screen when asked', async () => {
    const path = rom('b8 00 b8 8e c0 31 ff b8 48 07 ab b8 69 07 ab fa f4');
    expect((await boot(['--screen', path])).stdout).toBe('Hi\n');
  });

  it('read a disk', async () => {
    const disk = image(new Uint8Array(1024).fill(0x2a));
    // sector 0 by PIO; its first byte to the debug port
    const code =
      'ba f6 01 b0 e0 ee ba f2 01 b0 01 ee 42 30 c0 ee 42 ee 42 ee ba f7 01 b0 20 ee ba f0 01 ed e6 e9 fa f4';
    expect((await boot(['--disk', disk, rom(code)])).stdout).toBe('*');
  });
});

describe('multiboot kernels', () => {
  it('get the magic word, the command line and their modules', async () => {
    // mov esp,90000; cmp eax,2badb002; jne end; mov esi,[ebx+16]; call print; mov esi,[ebx+24]; mov esi,[esi];
    // call print; end: cli; hlt; print: ...
    const path = kernel(
      `bc 00 00 09 00 3d 02 b0 ad 2b 75 12 8b 73 10 e8 0c 00 00 00 8b 73 18 8b 36 e8 02 00 00 00 fa f4 ${PRINT} c3`,
    );
    const module = image(Uint8Array.from([...Buffer.from('module\0')]));
    const outcome = await boot(['--append', 'a=1 b', '--module', `${module} arg`, path]);
    expect(outcome).toMatchObject({ status: 0, stdout: `${path} a=1 bmodule` });
  });

  it('that do not fit are refused', async () => {
    const path = kernel('f4', 'x'.repeat(200_000));
    const outcome = await boot(['--mem', '1M', path]);
    expect(outcome.status).toBe(125);
    expect(outcome.stderr).toContain('--mem');
  });
});

describe('the serial port', () => {
  it('is stdin, too', async () => {
    // L: mov dx,3fd; in al,dx; test al,1; jz L; mov dx,3f8; in al,dx; cmp al,'q'; je end; xor al,20;
    // out dx,al; jmp L; end: cli; hlt
    const path = kernel(
      '66 ba fd 03 ec a8 01 74 f7 66 ba f8 03 ec 3c 71 74 05 34 20 ee eb e9 fa f4',
    );
    expect(await boot([path], { stdin: 'HELLOq' })).toMatchObject({ status: 0, stdout: 'hello' });
  });
});

describe('limits and mistakes', () => {
  it('stop a guest that does not end', async () => {
    const path = rom('eb fe');
    expect((await boot(['--limit-instructions', '1000000', path])).status).toBe(124);
    expect((await boot(['--timeout', '0.3', path])).status).toBe(124);
  });

  it('are told', async () => {
    expect((await boot([])).status).toBe(125);
    expect((await boot([join(directory, 'missing')])).status).toBe(125);
    expect((await boot([image(new Uint8Array(100))])).stderr).toContain(
      'neither a multiboot kernel',
    );
    expect((await boot(['--help'])).stdout).toContain('Usage: faultline boot');
  });
});
