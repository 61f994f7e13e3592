/*
 * Executes instructions on the real processor, each from a given state, and tells the state after.
 * Reads cases from stdin, writes results to stdout (formats: layout.ts). Linux, freestanding:
 *
 *   gcc -m32 -O2 -static -nostdlib -ffreestanding -fno-pic -fno-stack-protector \
 *       -Wl,-Ttext-segment=0x60000000 -o hwtest-native native.c
 *
 * Everything happens in a signal handler on a stack of its own: it stores the interrupted state as
 * a result, puts the next case's state into the signal frame and returns into it. A case ends by a
 * fault or by the single-step trap.
 */

typedef unsigned int u32;
typedef unsigned char u8;

#define CODE 0x10000000u
#define DATA 0x10010000u
#define STACK 0x10020000u
#define AREA_BYTES 0x2000u /* writable bytes of each of the three areas */
#define CASE_WORDS 112
#define BATCH 1024
#define MAX_DIFFS 640

enum { SYS_EXIT = 1, SYS_READ = 3, SYS_WRITE = 4, SYS_MODIFY_LDT = 123, SYS_MPROTECT = 125,
       SYS_SIGACTION = 174, SYS_MUNMAP = 91, SYS_SIGALTSTACK = 186, SYS_MMAP2 = 192 };

static int syscall3(int n, u32 a, u32 b, u32 c) {
  int r;
  __asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b), "d"(c) : "memory");
  return r;
}

static int syscall4(int n, u32 a, u32 b, u32 c, u32 d) {
  int r;
  __asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b), "d"(c), "S"(d) : "memory");
  return r;
}

static int map_fixed(u32 address, u32 bytes, u32 protection) {
  int r;
  /* MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_POPULATE; the offset in EBP is 0. */
  __asm__ volatile("push %%ebp\n\txor %%ebp, %%ebp\n\tint $0x80\n\tpop %%ebp"
                   : "=a"(r)
                   : "a"(SYS_MMAP2), "b"(address), "c"(bytes), "d"(protection), "S"(0x8032), "D"(-1)
                   : "memory");
  return r;
}

/* Offsets into the signal frame's machine context, in words from the start of ucontext. */
enum { M_GS = 5, M_FS, M_ES, M_DS, M_EDI, M_ESI, M_EBP, M_ESP, M_EBX, M_EDX, M_ECX, M_EAX, M_TRAPNO,
       M_ERR, M_EIP, M_CS, M_EFLAGS, M_ESP_AT_SIGNAL, M_SS, M_FPSTATE, M_OLDMASK, M_CR2 };

/* Order of the registers in a case. */
static const u8 order[16] = { M_EAX, M_ECX, M_EDX, M_EBX, M_ESP, M_EBP, M_ESI, M_EDI,
                              M_EIP, M_EFLAGS, M_ES, M_CS, M_SS, M_DS, M_FS, M_GS };

static const u32 areas[3] = { CODE, DATA, STACK };

static u32 cases[BATCH * CASE_WORDS];
static u32 in_batch, next_case;
static u32 results[BATCH * 32 + MAX_DIFFS * 64]; /* flushed before the rest could overflow */
static u32 result_words;
static u32 pristine[3][AREA_BYTES / 4];
static u8 signal_stack[65536] __attribute__((aligned(16)));
static int started;
static u32 has_vectors;

static void quit(int status) {
  syscall3(SYS_EXIT, (u32)status, 0, 0);
}

static void flush_results(void) {
  u32 done = 0, bytes = result_words * 4;
  while (done < bytes) {
    int n = syscall3(SYS_WRITE, 1, (u32)results + done, bytes - done);
    if (n <= 0) quit(2);
    done += (u32)n;
  }
  result_words = 0;
}

static int read_batch(void) {
  u32 done = 0;
  for (;;) {
    int n = syscall3(SYS_READ, 0, (u32)cases + done, sizeof cases - done);
    if (n < 0) quit(2);
    done += (u32)n;
    if (n == 0 || done == sizeof cases) break;
  }
  in_batch = done / (CASE_WORDS * 4);
  next_case = 0;
  return in_batch != 0;
}

/* What the areas hold before a case: every byte follows from its address. */
static u8 pattern(u32 address) {
  return (u8)((address * 0x9e3779b1u) >> 24);
}

static void prepare_areas(void) {
  for (int a = 0; a < 3; a++)
    for (u32 i = 0; i < AREA_BYTES; i++) {
      u8 byte = pattern(areas[a] + i);
      ((u8 *)areas[a])[i] = byte;
      ((u8 *)pristine[a])[i] = byte;
    }
}

/* The bytes that differ from the pattern, as (address - CODE) << 8 | byte, and undoes them. */
static void record_memory(void) {
  u32 *count = &results[result_words++];
  *count = 0;
  for (int a = 0; a < 3; a++) {
    u32 *memory = (u32 *)areas[a];
    for (u32 w = 0; w < AREA_BYTES / 4; w++) {
      if (memory[w] == pristine[a][w]) continue;
      for (u32 i = 4 * w; i < 4 * w + 4; i++) {
        u8 byte = ((u8 *)memory)[i];
        if (byte == ((u8 *)pristine[a])[i] || *count == MAX_DIFFS) continue;
        results[result_words++] = (areas[a] - CODE + i) << 8 | byte;
        ++*count;
      }
      memory[w] = pristine[a][w];
    }
  }
}

/* The x87, MMX and SSE state of a case lies behind its patches: whether it has one, MXCSR, control,
   status and tag word, 32 words of XMM registers, and ST(0) to ST(7) of three words each. */
enum { VECTOR = 46, XMM = VECTOR + 5, STACK_REGISTERS = XMM + 32, VECTOR_WORDS = 4 + 32 + 24 };
/* struct _fpstate: an FNSAVE image, a word, an FXSAVE image. */
enum { FXSAVE = 112, FX_MXCSR = FXSAVE + 24, FX_XMM = FXSAVE + 160, ST = 28 };

static void put_vectors(u8 *fpstate, const u32 *c) {
  u32 *legacy = (u32 *)fpstate;
  *(u32 *)(fpstate + FX_MXCSR) = c[VECTOR + 1];
  for (int i = 0; i < 3; i++) legacy[i] = (legacy[i] & 0xffff0000) | c[VECTOR + 2 + i];
  for (int i = 0; i < 32; i++) ((u32 *)(fpstate + FX_XMM))[i] = c[XMM + i];
  for (int i = 0; i < 80; i++) fpstate[ST + i] = ((const u8 *)(c + STACK_REGISTERS + i / 10 * 3))[i % 10];
}

static void record_vectors(const u8 *fpstate) {
  u32 *to = &results[result_words];
  const u32 *legacy = (const u32 *)fpstate;
  *to++ = *(const u32 *)(fpstate + FX_MXCSR);
  for (int i = 0; i < 3; i++) *to++ = legacy[i] & 0xffff;
  for (int i = 0; i < 32; i++) *to++ = ((const u32 *)(fpstate + FX_XMM))[i];
  for (int i = 0; i < 24; i++) to[i] = 0;
  for (int i = 0; i < 80; i++) ((u8 *)(to + i / 10 * 3))[i % 10] = fpstate[ST + i];
  result_words += VECTOR_WORDS;
}

static void put_bytes(const u32 *patch) {
  const u8 *from = (const u8 *)(patch + 2);
  for (u32 i = 0; i < patch[1]; i++) ((u8 *)patch[0])[i] = from[i];
}

static void handler(int signal, void *info, u32 *context) {
  (void)signal;
  (void)info;
  if (started) {
    for (int i = 0; i < 16; i++) results[result_words++] = i < 10 ? context[order[i]] : context[order[i]] & 0xffff;
    results[result_words++] = context[M_TRAPNO];
    results[result_words++] = context[M_ERR];
    results[result_words++] = context[M_CR2];
    results[result_words++] = has_vectors ? VECTOR_WORDS : 0;
    if (has_vectors) record_vectors((const u8 *)context[M_FPSTATE]);
    record_memory();
    if (result_words > BATCH * 32) flush_results();
  }
  /* The first stack and the vDSO lie where a case might write. */
  if (!started) syscall3(SYS_MUNMAP, 0x70000000, 0xffffe000u - 0x70000000, 0);
  started = 1;
  if (next_case == in_batch && !read_batch()) {
    flush_results();
    quit(0);
  }
  const u32 *c = &cases[next_case++ * CASE_WORDS];
  for (int i = 0; i < 16; i++) context[order[i]] = c[i];
  put_bytes(c + 16);
  put_bytes(c + 26);
  put_bytes(c + 36);
  has_vectors = c[VECTOR];
  if (has_vectors) put_vectors((u8 *)context[M_FPSTATE], c);
  /* Returning from a signal leaves ID and NT as the handler has them. */
  __asm__ volatile("push %0\n\tpopf" : : "r"((c[9] & 0x204000) | 0x202) : "cc", "memory");
}

extern void restorer(void);
/* The handler is called with cdecl arguments on the signal stack; DF may be anything by the ABI. */
__asm__("restorer: mov $173, %eax\n\tint $0x80\n");

/* Mirrored by localDescriptors in layout.ts: base, limit, modify_ldt flags. */
static const u32 descriptors[][3] = {
  { DATA, 0xfff, 0x41 },        /* 07 writable data */
  { CODE, 0x1fff, 0x45 },       /* 0f readable code */
  { CODE, 0x1fff, 0x44 },       /* 17 readable 16-bit code */
  { DATA, 0xff, 0x43 },         /* 1f expand-down data */
  { DATA, 0xff, 0x42 },         /* 27 16-bit expand-down data */
  { DATA, 0xfff, 0x49 },        /* 2f read-only data */
  { CODE, 0x1fff, 0x4d },       /* 37 execute-only code */
  { DATA, 0xfff, 0x61 },        /* 3f data, not present */
  { STACK, 0x1fff, 0x40 },      /* 47 16-bit stack */
  { CODE, 0x1fff, 0x67 },       /* 4f conforming code, not present: Linux wants it so */
  { 0, 0x1ffff, 0x51 },         /* 57 page-granular data */
};

void _start(void) {
  struct { void *handler; u32 flags; void *restorer; u32 mask[2]; } action =
      { handler, 0x0c000004 | 0x40000000, restorer, { 0, 0 } }; /* SIGINFO RESTORER ONSTACK NODEFER */
  struct { void *sp; u32 flags; u32 size; } stack = { signal_stack, 0, sizeof signal_stack };
  static const u8 signals[] = { 4, 5, 7, 8, 11 };
  for (int a = 0; a < 3; a++)
    if (map_fixed(areas[a], AREA_BYTES, 7) != (int)areas[a]) quit(3);
  if (map_fixed(DATA + AREA_BYTES, 0x1000, 3) != (int)(DATA + AREA_BYTES)) quit(3);
  for (u32 i = 0; i < 0x1000; i++) ((u8 *)(DATA + AREA_BYTES))[i] = pattern(DATA + AREA_BYTES + i);
  syscall3(SYS_MPROTECT, DATA + AREA_BYTES, 0x1000, 1);
  prepare_areas();
  for (u32 i = 0; i < sizeof descriptors / sizeof *descriptors; i++) {
    u32 d[4] = { i, descriptors[i][0], descriptors[i][1], descriptors[i][2] };
    if (syscall3(SYS_MODIFY_LDT, 0x11, (u32)d, sizeof d) != 0) quit(4);
  }
  if (syscall3(SYS_SIGALTSTACK, (u32)&stack, 0, 0) != 0) quit(5);
  for (u32 i = 0; i < sizeof signals; i++)
    if (syscall4(SYS_SIGACTION, signals[i], (u32)&action, 0, 8) != 0) quit(5);
  __asm__ volatile("int3");
  quit(6);
}
