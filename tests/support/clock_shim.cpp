// Preloaded into a process under test: its wall clock runs by the microseconds that the file named
// by PREPAY_TEST_CLOCK_FILE holds (8 bytes, of this machine's order) ahead of the real one. Clocks
// that nobody sets stay what they are.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

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

void shift(timespec& time) {
    constexpr std::int64_t kMicros = 1'000'000;
    const std::int64_t ahead = ahead_us();
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

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
    const auto result = static_cast<int>(syscall(SYS_clock_gettime, clock, time));
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        shift(*time);
    }
    return result;
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
