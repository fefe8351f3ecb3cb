/*
 * Nothing lies ready: for the program that makes what does, and for builds that cannot run it, as for another machine
 * (make READY=build/parser/precompile/none.o). All is made when it is first needed.
 */
#include "frozen.h"
#include "image.h"
#include "precompiled.h"

const struct precompiled depesha_precompiled[] = {{0, NULL}};
const size_t depesha_precompiled_count = 0;
const struct image depesha_image = {0, NULL, NULL, 0};
const struct frozen_all depesha_frozen = {{0}, {0}, {0}, {0}};
