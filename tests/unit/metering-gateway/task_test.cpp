#include "core/task.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

using namespace prepay;

namespace {

Task<int> one() { co_return 1; }

Task<> count_to(int limit, int& sum) {
    for (int i = 0; i < limit; ++i) {
        sum += co_await one();
    }
}

Task<std::string> name_after(Signal& signal, std::vector<std::string>& log) {
    log.push_back("asked");
    co_await signal;
    co_return "name";
}

Task<> greet(Signal& signal, std::vector<std::string>& log) {
    const std::string name = co_await name_after(signal, log);
    log.push_back("hello " + name);
    co_await signal;
    log.push_back("end");
}

}  // namespace

TEST_CASE("A task begins when it is awaited and goes on where it was when its signal is set") {
    Signal signal;
    std::vector<std::string> log;
    Task<> task = greet(signal, log);
    CHECK(log.empty());
    task.start();
    CHECK(log == std::vector<std::string>{"asked"});
    signal.set();
    CHECK(log.back() == "hello name");
    CHECK_FALSE(task.is_done());
    signal.set();
    CHECK(log.back() == "end");
    CHECK(task.is_done());
}

TEST_CASE("A signal that is set before anybody waits is remembered once") {
    Signal signal;
    std::vector<std::string> log;
    signal.set();
    signal.set();
    Task<> task = greet(signal, log);
    task.start();
    CHECK(log.back() == "hello name");
    CHECK_FALSE(task.is_done());
}

TEST_CASE("Awaiting a million tasks that do not suspend needs no more stack than one") {
    int sum = 0;
    Task<> task = count_to(1'000'000, sum);
    task.start();
    CHECK(task.is_done());
    CHECK(sum == 1'000'000);
}

TEST_CASE("A task that is dropped, begun or not, frees what it holds") {
    const auto held = std::make_shared<int>(1);
    Signal signal;
    const auto hold = [](std::shared_ptr<int> value, Signal& end) -> Task<int> {
        co_await end;
        co_return *value;
    };
    {
        Task<int> unstarted = hold(held, signal);
        Task<int> started = hold(held, signal);
        started.start();
        CHECK(held.use_count() == 3);
    }
    CHECK(held.use_count() == 1);
}
