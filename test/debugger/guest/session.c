typedef unsigned int u32;
struct point { int x, y; const char *name; };
enum colour { RED, GREEN, BLUE };
int counter;
static char buffer[4096 * 3];
struct point origin = { 3, -4, "origin" };
enum colour paint = GREEN;
int table[5] = { 1, 2, 3, 4, 5 };
double ratio = 2.5;

static int call3(int n, int a, int b, int c) {
  int r;
  __asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b), "d"(c) : "memory");
  return r;
}

static int square(int n) {
  int result = n * n;
  return result;
}

int sum(int n) {
  int total = 0;
  for (int i = 1; i <= n; i++)
    total += square(i);
  counter = total;
  return total;
}

static void touch(char *p) {
  *p = 1;
}

int main(int argc, char **argv) {
  int s = sum(4);
  struct point here = origin;
  here.x += s;
  touch(buffer + 4096);
  int pid = call3(2, 0, 0, 0);
  if (pid == 0) {
    buffer[4096] = 7;
    call3(1, 5, 0, 0);
  }
  int status = 0;
  call3(7, pid, (int)&status, 0);
  call3(4, 1, (int)"done\n", 5);
  *(volatile int *)16 = here.x;
  return status;
}

__attribute__((naked)) void _start(void) {
  __asm__("xor %ebp, %ebp\n pop %eax\n mov %esp, %ecx\n push %ecx\n push %eax\n call main\n"
          "mov %eax, %ebx\n mov $1, %eax\n int $0x80");
}
