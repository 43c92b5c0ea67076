#include "adapters/password_hasher.h"

#include <malloc.h>

#include "adapters/secrets.h"

namespace prepay::console {
namespace {

constexpr int kMappedBytes = 1 << 20;

Status busy() {
    return make_error(absl::StatusCode::kResourceExhausted, "LOG_IN_BUSY",
                      "many people are logging in; try again in a moment");
}

}  // namespace

// One of those at work; not ok() when there is none in time.
class PasswordHasher::Place {
public:
    explicit Place(PasswordHasher& hasher) : hasher_(hasher) {
        std::unique_lock lock(hasher_.mutex_);
        const auto is_free = [this] { return hasher_.working_ < hasher_.limits_.at_once; };
        if (!is_free() && hasher_.waiting_ < hasher_.limits_.waiting_max) {
            ++hasher_.waiting_;
            hasher_.changed_.wait_for(lock, hasher_.limits_.wait, is_free);
            --hasher_.waiting_;
        }
        taken_ = is_free();
        hasher_.working_ += taken_ ? 1 : 0;
    }
    ~Place() {
        if (taken_) {
            const std::lock_guard lock(hasher_.mutex_);
            --hasher_.working_;
            hasher_.changed_.notify_one();
        }
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    [[nodiscard]] bool ok() const { return taken_; }

private:
    PasswordHasher& hasher_;
    bool taken_ = false;
};

PasswordHasher::PasswordHasher(const Limits& limits) : limits_(limits) {
    // After one large block was freed, glibc keeps the next ones in its arenas, one for each
    // thread, and gives nothing back. With a fixed threshold they stay maps of their own.
    mallopt(M_MMAP_THRESHOLD, kMappedBytes);
}

Result<std::string> PasswordHasher::hash(const std::string& password) {
    const Place place(*this);
    return place.ok() ? hash_password(password) : busy();
}

Result<bool> PasswordHasher::matches(const std::string& password, const std::string& phc_hash) {
    const Place place(*this);
    if (!place.ok()) {
        return busy();
    }
    return password_matches(password, phc_hash);
}

}  // namespace prepay::console
