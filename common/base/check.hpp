#pragma once

#include <cstdio>
#include <cstdlib>

// A broken CHECK is a bug in this program, never bad input. It stays on in release builds: a queue
// that stops is repaired by a restart and a replay, a queue that goes on with wrong state is not.
#define ESTEIRA_CHECK(condition)                                                         \
    do {                                                                                 \
        if (!(condition)) [[unlikely]] {                                                 \
            std::fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
            std::abort();                                                                \
        }                                                                                \
    } while (false)
