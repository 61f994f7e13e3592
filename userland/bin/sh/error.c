/* Errors: their messages, and how to get to where they are handled. */
#include "sh.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct handler *handler;

void handler_push(struct handler *h, int one_builtin)
{
	h->outer = handler;
	h->input = input;
	h->arena = arena;
	h->frame = frames;
	h->saved = saved_fds;
	h->loop_depth = loop_depth;
	h->one_builtin = one_builtin;
	h->command_name = command_name;
	handler = h;
}

void handler_unwind(struct handler *h)
{
	while (input != h->input)
		input_pop();
	while (frames != h->frame)
		frame_pop(frames);
	redirect_restore(h->saved);
	arena = h->arena;
	loop_depth = h->loop_depth;
	command_name = h->command_name;
	handler = h->outer;
}

static void message(const char *format, va_list args)
{
	char text[512];
	int len = snprintf(text, sizeof text, "%s: %d: ", arg0, current_line);

	if (len >= (int)sizeof text)
		len = sizeof text - 1;
	if (command_name && len < (int)sizeof text - 1)
		len += snprintf(text + len, sizeof text - (size_t)len, "%s: ", command_name);
	if (len < (int)sizeof text - 1)
		vsnprintf(text + len, sizeof text - (size_t)len, format, args);
	text[sizeof text - 2] = 0;
	strcat(text, "\n");
	fflush(stdout);
	write(2, text, strlen(text));
}

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(format, args);
	va_end(args);
}

void fail(int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(format, args);
	va_end(args);
	abandon(code);
}

void abandon(int code)
{
	status = code;
	if (handler)
		siglongjmp(handler->jump, 1);
	leave(code);
}

void abandon_line(void)
{
	while (handler && handler->one_builtin)
		handler = handler->outer;
	abandon(128 + SIGINT);
}

void leave(int code)
{
	handler = NULL;
	trap_exit(code);
	fflush(stdout);
	monitor_set(0);
	_exit(code);
}
