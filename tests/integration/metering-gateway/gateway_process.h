#pragma once

#include <fstream>
#include <map>
#include <sstream>

#include "gateway_fixture.h"
#include "support/token_keys.h"

namespace prepay::metering::test {

/// prepay-metering-gateway as a process with a wall clock of its own, without a broker and with
/// nobody who answers for account.
class GatewayProcess {
public:
    explicit GatewayProcess(const prepay::test::TestDatabase& database) {
        std::filesystem::create_directories(folder_);
        step(std::chrono::hours(0));
        std::ofstream(folder_ / "key.pem") << keys_.public_pem();
        std::ofstream(folder_ / "token") << keys_.token(rpc::Role::kService, "prepay-metering");
        const auto local = [] { return "127.0.0.1:" + std::to_string(prepay::test::free_port()); };
        std::ofstream(folder_ / "gateway.yaml")
            << "listen: {grpc: '" << local() << "', http: '" << local() << "'}\n"
            << "database: {url: '" << database.options().url << "'}\n"
            << "kafka: {brokers: '127.0.0.1:1', partition_count: 8}\n"
            << "auth: {public_key_file: " << (folder_ / "key.pem").string()
            << ", service_token_file: " << (folder_ / "token").string() << "}\n"
            << "peers: {account: '" << local() << "', console: '" << local() << "'}\n"
            << "packs_dir: " << prepay::test::source_dir() << "/services/metering-gateway/packs\n";
        process_ = std::make_unique<prepay::test::ChildProcess>(
            std::vector<std::string>{
                std::string(prepay::test::binary_dir()) + "/bin/prepay-metering-gateway",
                "--config", (folder_ / "gateway.yaml").string()},
            (folder_ / "log").string(),
            std::map<std::string, std::string>{
                {"LD_PRELOAD", PREPAY_CLOCK_SHIM},
                {"PREPAY_TEST_CLOCK_FILE", (folder_ / "clock").string()}});
    }
    ~GatewayProcess() {
        process_.reset();
        std::filesystem::remove_all(folder_);
    }

    void step(Duration ahead) {
        const std::int64_t micros = ahead.count();
        std::fstream file(folder_ / "clock", std::ios::in | std::ios::out | std::ios::binary);
        if (!file) {
            file.open(folder_ / "clock", std::ios::out | std::ios::binary);
        }
        file.write(reinterpret_cast<const char*>(&micros), sizeof micros);
    }

    [[nodiscard]] std::string log() const {
        std::ostringstream text;
        text << std::ifstream(folder_ / "log").rdbuf();
        return text.str();
    }

private:
    const prepay::test::TokenKeys keys_;
    const std::filesystem::path folder_ =
        std::filesystem::temp_directory_path() / ("prepay-clock-" + new_id(SystemClock()));
    std::unique_ptr<prepay::test::ChildProcess> process_;
};

/// A simulated meter "m-1" at the address 1 of the line "line-01", registered before there is a
/// gateway.
inline void add_meter(pg::Database& database, Simulator& park) {
    const SystemClock clock;
    PgRegistryStore registry(database, clock, std::chrono::minutes(15));
    LineConfig line;
    line.line_id = "line-01";
    line.address = "127.0.0.1:" + std::to_string(park.add_line("line-01"));
    line.poll_interval = std::chrono::milliseconds(200);
    park.add_meter("m-1", "line-01", 1, sim::FAMILY_DDSY1352, 50'000, 3'600);
    MeterConfig meter;
    meter.meter_id = "m-1";
    meter.line_id = "line-01";
    meter.address = MeterAddress(1);
    meter.driver_pack = "acrel-ddsy1352";
    meter.enabled = true;
    REQUIRE(registry.put_lines({"lines", "m", "h", "s"}, {line}).ok());
    REQUIRE(registry.put_meters({"meters", "m", "h", "s"}, {meter}).ok());
}

/// Waits until a condition on the database holds.
inline bool eventually(pg::Database& database, const std::string& sql) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(40);
    while (std::chrono::steady_clock::now() < give_up) {
        const auto holds = database.read([&](pqxx::work& tx) -> Result<bool> {
            tx.exec("SELECT pg_sleep(0.05)");  // The pause is the server's.
            return tx.exec1(sql)[0].as<bool>();
        });
        REQUIRE(holds.ok());
        if (*holds) {
            return true;
        }
    }
    return false;
}

}  // namespace prepay::metering::test
