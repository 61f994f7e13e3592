/* The scalar doubles of double.h with SSE2 instructions. */
#include "double.h"

int main(int argc, char **argv)
{
	return doubles("sse", argc, argv);
}
