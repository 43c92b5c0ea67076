// GCC's TSan does not know threads begun with C11's thrd_create, as librdkafka's are, and crashes
// in them. Under TSan every program takes these instead of the C library's: the same on POSIX
// threads.
#include <pthread.h>
#include <threads.h>

#include <cstdint>
#include <memory>

namespace {

struct Start {
    thrd_start_t function;
    void* argument;
};

void* run(void* start) {
    const std::unique_ptr<Start> own(static_cast<Start*>(start));
    return reinterpret_cast<void*>(static_cast<std::intptr_t>(own->function(own->argument)));
}

}  // namespace

extern "C" {

int thrd_create(thrd_t* thread, thrd_start_t function, void* argument) {
    auto start = std::make_unique<Start>(Start{function, argument});
    if (pthread_create(thread, nullptr, run, start.get()) != 0) {
        return thrd_error;
    }
    start.release();
    return thrd_success;
}

int thrd_join(thrd_t thread, int* result) {
    void* value = nullptr;
    if (pthread_join(thread, &value) != 0) {
        return thrd_error;
    }
    if (result != nullptr) {
        *result = static_cast<int>(reinterpret_cast<std::intptr_t>(value));
    }
    return thrd_success;
}

int thrd_detach(thrd_t thread) { return pthread_detach(thread) == 0 ? thrd_success : thrd_error; }

}  // extern "C"
