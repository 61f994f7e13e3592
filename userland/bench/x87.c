/* The scalar doubles of double.h with x87 instructions. */
#include "double.h"

int main(int argc, char **argv)
{
	return doubles("x87", argc, argv);
}
