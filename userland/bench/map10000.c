/* Finding an entry in a map of 10000. One round: mprotect of one entry to what it is already. */
#include "lookup.h"

int main(int argc, char **argv)
{
	return lookups("map10000", 10000, rounds(argc, argv, 10000));
}
