// Preloaded into a process under test: its wall clock runs by the microseconds that the file named
// by PREPAY_TEST_CLOCK_FILE holds (8 bytes, of this machine's order) ahead of the real one. Clocks
// that nobody sets stay what they are. Waits that end at a time of the wall clock follow its steps,
// as the kernel's do.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

std::int64_t ahead_us() {
    static const volatile std::int64_t* const ahead = []() -> const volatile std::int64_t* {
        const char* path = std::getenv("PREPAY_TEST_CLOCK_FILE");
        const int file = path == nullptr ? -1 : open(path, O_RDONLY);
        void* memory = file < 0
                           ? MAP_FAILED
                           : mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
        return memory == MAP_FAILED ? nullptr : static_cast<const volatile std::int64_t*>(memory);
    }
    ();
    return ahead == nullptr ? 0 : *ahead;
}

void shift(timespec& time, std::int64_t ahead) {
    constexpr std::int64_t kMicros = 1'000'000;
    time.tv_sec += ahead / kMicros;
    time.tv_nsec += ahead % kMicros * 1000;
    if (time.tv_nsec >= 1'000'000'000) {
        time.tv_nsec -= 1'000'000'000;
        ++time.tv_sec;
    } else if (time.tv_nsec < 0) {
        time.tv_nsec += 1'000'000'000;
        --time.tv_sec;
    }
}

long system_call(long number, long a, long b, long c = 0, long d = 0, long e = 0, long f = 0) {
    using Call = long (*)(long, ...);
    static const auto real = reinterpret_cast<Call>(dlsym(RTLD_NEXT, "syscall"));
    return real(number, a, b, c, d, e, f);
}

bool is_before(const timespec& a, const timespec& b) {
    return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
    const auto result =
        static_cast<int>(system_call(SYS_clock_gettime, clock, reinterpret_cast<long>(time)));
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        shift(*time, ahead_us());
    }
    return result;
}

int timespec_get(timespec* time, int base) noexcept {
    clock_gettime(CLOCK_REALTIME, time);
    return base;
}

// In short waits, between which the clock may have been set.
int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* until) {
    using Wait = int (*)(cnd_t*, mtx_t*, const timespec*);
    static const auto real = reinterpret_cast<Wait>(dlsym(RTLD_NEXT, "cnd_timedwait"));
    while (true) {
        timespec slice{};
        clock_gettime(CLOCK_REALTIME, &slice);
        shift(slice, 50'000);
        const bool is_last = !is_before(slice, *until);
        slice = is_last ? *until : slice;
        shift(slice, -ahead_us());
        const int result = real(condition, mutex, &slice);
        if (result != thrd_timedout || is_last) {
            return result;
        }
    }
}

// Abseil's waits. A step during one of them is not seen.
long syscall(long number, ...) noexcept {
    va_list arguments;
    va_start(arguments, number);
    long values[6];
    for (long& value : values) {
        value = va_arg(arguments, long);
    }
    va_end(arguments);
    timespec until{};
    if (number == SYS_futex && (values[1] & FUTEX_CLOCK_REALTIME) != 0 && values[3] != 0) {
        until = *reinterpret_cast<const timespec*>(values[3]);
        shift(until, -ahead_us());
        values[3] = reinterpret_cast<long>(&until);
    }
    return system_call(number, values[0], values[1], values[2], values[3], values[4], values[5]);
}

int gettimeofday(timeval* time, void*) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t* result) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    if (result != nullptr) {
        *result = now.tv_sec;
    }
    return now.tv_sec;
}
}
