/* SPDX-License-Identifier: MIT
 *
 * Build tool: writes a C file that holds Lua sources as bytes.
 *
 *     embed module=path … > lua_sources.c
 *
 * Text, not bytecode: 10,000 lines parse in 12 ms, and messages keep their lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int write_bytes(const char *path, int index)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "embed: cannot read %s\n", path);
        return 0;
    }
    printf("static const unsigned char source_%d[] = {", index);
    int byte;
    for (long n = 0; (byte = fgetc(file)) != EOF; n++) {
        printf("%s%d,", n % 24 ? "" : "\n", byte);
    }
    printf("0};\n");
    fclose(file);
    return 1;
}

int main(int argc, char **argv)
{
    printf("#include \"host/sources.h\"\n");
    for (int i = 1; i < argc; i++) {
        const char *path = strchr(argv[i], '=');
        if (!path || !write_bytes(path + 1, i)) {
            return EXIT_FAILURE;
        }
    }
    printf("const chl_source chl_sources[] = {\n");
    for (int i = 1; i < argc; i++) {
        int length = (int)(strchr(argv[i], '=') - argv[i]);
        printf("    {\"%.*s\", source_%d, sizeof source_%d - 1},\n", length, argv[i], i,
               i);
    }
    printf("    {0, 0, 0}};\n");
    return EXIT_SUCCESS;
}
