/* Finding an entry in a map of 10. One round: mprotect of one entry to what it is already. */
#include "lookup.h"

int main(int argc, char **argv)
{
	return lookups("map10", 10, rounds(argc, argv, 10000));
}
