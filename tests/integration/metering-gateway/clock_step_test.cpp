// The gateway as a process whose wall clock is set.
#include <fstream>
#include <sstream>

#include "gateway_fixture.h"
#include "support/token_keys.h"

using namespace prepay;
using namespace prepay::metering;
using namespace prepay::metering::test;

namespace {

namespace fs = std::filesystem;

/// prepay-metering-gateway with a wall clock of its own, without a broker.
class SteppedGateway {
public:
    explicit SteppedGateway(const prepay::test::TestDatabase& database) {
        fs::create_directories(folder_);
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
    ~SteppedGateway() {
        process_.reset();
        fs::remove_all(folder_);
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
    const fs::path folder_ = fs::temp_directory_path() / ("prepay-clock-" + new_id(SystemClock()));
    std::unique_ptr<prepay::test::ChildProcess> process_;
};

bool eventually(pg::Database& database, const std::string& sql) {
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

}  // namespace

TEST_CASE("I-24: a gateway whose clock is set by a day or an hour reads on in the right time") {
    SKIP_WITHOUT_POSTGRES();
    Simulator park;
    prepay::test::TestDatabase scratch("metering", metering_gateway_migrations());
    const auto database = scratch.open();
    const SystemClock clock;
    PgRegistryStore registry(*database, clock, std::chrono::minutes(15));
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
    SteppedGateway gateway(scratch);
    REQUIRE(eventually(*database, "SELECT count(*) > 1 FROM readings"));
    for (const int hours : {24, -24, 1, -1}) {
        INFO(hours << "\n" << gateway.log());
        const std::string since = std::to_string(to_micros(SystemClock().now()) / 1'000'000);
        const auto reads_on = [&](const std::string& seconds) {
            return eventually(*database,
                              "SELECT count(*) > 0 FROM readings WHERE read_time >"
                              " to_timestamp(" +
                                  since + ") + interval '" + seconds + " seconds'");
        };
        gateway.step(std::chrono::hours(hours));
        CHECK(reads_on("3"));
        gateway.step(Duration(0));
        CHECK(reads_on("6"));
    }
    CHECK(gateway.log().find("the time before its step is kept") != std::string::npos);
    CHECK(gateway.log().find("the clocks agree again") != std::string::npos);
    CHECK(eventually(*database,
                     "SELECT bool_and(read_time BETWEEN clock_timestamp() - interval '10 minutes'"
                     " AND clock_timestamp() + interval '5 seconds' AND slot_time <="
                     " clock_timestamp() + interval '5 seconds') FROM readings"));
    CHECK(eventually(*database, "SELECT count(*) = 0 FROM rejected_readings"));
}
