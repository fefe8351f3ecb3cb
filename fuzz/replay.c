/* Runs a harness over files, without a fuzzer: replay FILE... */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

static uint8_t *read_whole(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(2);
    }
    long end = ftell(file);
    uint8_t *bytes = malloc(end > 0 ? (size_t)end : 1); /* no byte more, so that the sanitizers see one too many */
    rewind(file);
    if (end < 0 || bytes == NULL || fread(bytes, 1, (size_t)end, file) != (size_t)end) {
        perror(path);
        exit(2);
    }
    fclose(file);
    *size = (size_t)end;
    return bytes;
}

int main(int count, char **words)
{
    for (int i = 1; i < count; i++) {
        size_t size;
        uint8_t *bytes = read_whole(words[i], &size);
        fprintf(stderr, "%s\n", words[i]);
        LLVMFuzzerTestOneInput(bytes, size);
        free(bytes);
    }
    return 0;
}
