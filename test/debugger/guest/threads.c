// Two threads of a Linux program, without a C library: one counts, the other waits for it.
static volatile int counter, stop; static int ms[2] = { 0, 1000000 };
static char stack[16384] __attribute__((aligned(16)));

static int call5(int n, int a, int b, int c, int d, int e) {
  int r;
  __asm__ volatile("int $0x80"
                   : "=a"(r)
                   : "a"(n), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
                   : "memory");
  return r;
}

static void spin(void) {
  while (!stop)
    counter++;
}

// CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM. The new thread returns from the call on its own stack.
__attribute__((naked)) static int thread(void *top, void (*f)(void)) {
  __asm__("push %ebx\n mov 8(%esp), %ecx\n mov 12(%esp), %edx\n mov %edx, -4(%ecx)\n sub $4, %ecx\n"
          "mov $0x50f00, %ebx\n mov $120, %eax\n xor %edx, %edx\n int $0x80\n test %eax, %eax\n jz 1f\n"
          "pop %ebx\n ret\n"
          "1: xor %ebp, %ebp\n pop %edx\n call *%edx\n mov $1, %eax\n xor %ebx, %ebx\n int $0x80");
}

int main(void) {
  char byte;
  thread(stack + sizeof stack, spin);
  while (counter < 1000)
    call5(162, (int)&ms, 0, 0, 0, 0);
  call5(3, 0, (int)&byte, 1, 0, 0);
  stop = 1;
  return counter > 0 ? 3 : 4;
}

__attribute__((naked)) void _start(void) {
  __asm__("xor %ebp, %ebp\n call main\n mov %eax, %ebx\n mov $252, %eax\n int $0x80");
}
