/* hexdump [-bcCdovx] [-n length] [-s skip] [file ...] */
#include <ctype.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROW 16
static char formats[16];
static unsigned format_count;
static uint64_t left = UINT64_MAX, skipped, offset;
static int v_flag, status;
static char **files;
static FILE *input;

/* The next byte of all the files in a row, or EOF. */
static int next_byte(void)
{
	for (;;) {
		if (input) {
			int c = getc(input);
			if (c != EOF)
				return c;
			if (input != stdin)
				fclose(input);
			input = NULL;
		}
		if (!*files)
			return EOF;
		if (strcmp(*files, "-") == 0) {
			input = stdin;
		} else if (!(input = fopen(*files, "r"))) {
			warn("%s", *files);
			status = 1;
		}
		files++;
	}
}

static void put_char(unsigned char c)
{
	static const char escapes[] = "\0000\aa\bb\tt\nn\vv\ff\rr";

	for (unsigned i = 0; i < sizeof escapes - 1; i += 2)
		if ((unsigned char)escapes[i] == c) {
			printf(" \\%c", escapes[i + 1]);
			return;
		}
	if (isprint(c))
		printf("%3c", c);
	else
		printf("%03o", c);
}

static void put_row(char format, const unsigned char *row, unsigned len)
{
	printf(format == 'C' ? "%08llx" : "%07llx", offset);
	if (format == 'C') {
		for (unsigned i = 0; i < ROW; i++) {
			fputs(i % 8 == 0 ? "  " : " ", stdout);
			if (i < len)
				printf("%02x", row[i]);
			else
				fputs("  ", stdout);
		}
		fputs("  |", stdout);
		for (unsigned i = 0; i < len; i++)
			putchar(isprint(row[i]) ? row[i] : '.');
		puts("|");
		return;
	}
	unsigned unit = format == 'b' || format == 'c' ? 1 : 2;
	int cell = unit == 1 ? 4 : format == 'h' ? 5 : 8;
	for (unsigned i = 0; i < ROW; i += unit) {
		if (i >= len) {
			printf("%*s", cell, "");
			continue;
		}
		unsigned value = row[i];
		if (unit == 2 && i + 1 < len)
			value |= (unsigned)row[i + 1] << 8;
		switch (format) {
		case 'b':
			printf(" %03o", value);
			break;
		case 'c':
			putchar(' ');
			put_char((unsigned char)value);
			break;
		case 'd':
			printf("   %05u", value);
			break;
		case 'o':
			printf("  %06o", value);
			break;
		case 'x':
			printf("    %04x", value);
			break;
		default:
			printf(" %04x", value);
		}
	}
	putchar('\n');
}

static void dump(void)
{
	unsigned char row[ROW], previous[ROW];
	int c = 0, have = 0, starred = 0;

	while (c != EOF) {
		unsigned len = 0;
		while (len < ROW && left > 0 && (c = next_byte()) != EOF) {
			row[len++] = (unsigned char)c;
			left--;
		}
		if (len == 0)
			break;
		if (!v_flag && have && len == ROW && memcmp(row, previous, ROW) == 0) {
			if (!starred)
				puts("*");
			starred = 1;
		} else {
			for (unsigned i = 0; i < format_count; i++)
				put_row(formats[i], row, len);
			starred = 0;
		}
		memcpy(previous, row, ROW);
		have = len == ROW;
		offset += len;
	}
	if (offset > skipped || have)
		printf(formats[0] == 'C' ? "%08llx\n" : "%07llx\n", offset);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 0);

	switch (*end) {
	case 'b': n *= 512; end++; break;
	case 'k': n *= 1024; end++; break;
	case 'm': n *= 1048576; end++; break;
	}
	if (*end || end == text)
		errx(1, "%s: bad number", text);
	return n;
}

int main(int argc, char **argv)
{
	static char dash[] = "-", *standard[] = {dash, NULL};
	int c;

	while ((c = getopt(argc, argv, "bcCdn:os:vx")) != -1)
		switch (c) {
		case 'n':
			left = number(optarg);
			break;
		case 's':
			skipped = number(optarg);
			break;
		case 'v':
			v_flag = 1;
			break;
		case '?':
			fputs("usage: hexdump [-bcCdovx] [-n length] [-s skip] [file ...]\n", stderr);
			return 1;
		default:
			if (format_count < sizeof formats)
				formats[format_count++] = (char)c;
		}
	if (format_count == 0)
		formats[format_count++] = 'h';
	files = optind < argc ? argv + optind : standard;
	while (offset < skipped && next_byte() != EOF)
		offset++;
	if (offset < skipped)
		errx(1, "cannot skip past end of input");
	dump();
	return fflush(stdout) < 0 ? 1 : status;
}
