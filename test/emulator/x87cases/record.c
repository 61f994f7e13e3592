/*
 * Executes x87 instructions on the processor it runs on, for x87_states.test.ts:
 *
 *   cc -O1 -mno-red-zone -o record record.c
 *   FAULTLINE_X87_RECORD=./record npx vitest run test/emulator/x87_states.test.ts
 *
 * Reads cases on stdin and writes results on stdout; layouts below. x86-64 Linux.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define IMAGE 108 /* of FSAVE */
#define MEM 112   /* at [rdi] */

static struct {
  uint8_t length, code[15];
  uint32_t eflags, eax;
  uint8_t image[IMAGE], mem[MEM];
} in;

static struct {
  uint32_t signal, eflags, eax;
  uint8_t image[IMAGE], mem[MEM];
} out;

static sigjmp_buf back;

static void caught(int signal) { siglongjmp(back, signal); }

int main(void) {
  uint8_t *code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint8_t *mem = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  static uint8_t behind[IMAGE];
  const int signals[] = {SIGFPE, SIGILL, SIGSEGV};
  for (int i = 0; i < 3; i++) {
    struct sigaction action = {.sa_handler = caught, .sa_flags = SA_NODEFER};
    sigaction(signals[i], &action, 0);
  }
  while (fread(&in, sizeof in, 1, stdin) == 1) {
    memcpy(code, in.code, in.length);
    code[in.length] = 0xc3;
    memcpy(mem, in.mem, MEM);
    memset(&out, 0, sizeof out);
    int signal = sigsetjmp(back, 0);
    if (signal == 0) {
      uint64_t flags, a = in.eax, before = in.eflags | 0x202;
      __asm__ volatile(
          "fninit\n frstor (%[image])\n push %[before]\n popfq\n call *%[code]\n"
          "fnsave (%[behind])\n pushfq\n pop %[flags]\n"
          : [flags] "=&r"(flags), "+a"(a)
          : [image] "r"(in.image), [behind] "r"(behind), [before] "r"(before), [code] "r"(code),
            "D"(mem)
          : "memory", "cc");
      out.eflags = flags;
      out.eax = a;
      memcpy(out.image, behind, IMAGE);
    } else {
      __asm__ volatile("fninit");
      out.signal = signal;
    }
    memcpy(out.mem, mem, MEM);
    fwrite(&out, sizeof out, 1, stdout);
  }
  return 0;
}
