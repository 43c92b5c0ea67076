#include "e2e/stack.h"

#include <librdkafka/rdkafka.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <pqxx/pqxx>
#include <stdexcept>
#include <thread>

#include "httplib.h"
#include "support/paths.h"
#include "support/topology.h"

namespace prepay::e2e {
namespace {

namespace fs = std::filesystem;
using test::ChildProcess;
using test::topology;
using test::TopologyService;

const std::string kBin = std::string(prepay::test::binary_dir()) + "/bin/";
const std::string kSource = prepay::test::source_dir();

std::string environment(const char* name, const std::string& fallback) {
    const char* value = std::getenv(name);
    return value == nullptr || *value == '\0' ? fallback : value;
}

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

void write(const std::string& path, const std::string& content) { std::ofstream(path) << content; }

std::string read(const std::string& path) {
    std::ifstream stream(path);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

void run_to_end(const std::vector<std::string>& command, const std::string& log) {
    ChildProcess process(command, log);
    const int code = process.wait(std::chrono::seconds(60));
    if (code != 0) {
        fail("'" + command.front() + "' ended with " + std::to_string(code) + ":\n" + read(log));
    }
}

std::vector<std::string> java(const std::string& heap) {
    return {environment("PREPAY_TEST_JAVA", "java"),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            heap,
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            environment("PREPAY_TEST_KAFKA_LIBS", kSource + "/var/tools/kafka/libs") + "/*"};
}

std::vector<std::string> operator+(std::vector<std::string> left,
                                   const std::vector<std::string>& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

}  // namespace

bool can_run(std::string& why_not) {
    if (!test::PgCluster::available()) {
        why_not = "no PostgreSQL 15";
    } else if (!fs::exists(
                   environment("PREPAY_TEST_KAFKA_LIBS", kSource + "/var/tools/kafka/libs"))) {
        why_not = "no Kafka: set PREPAY_TEST_KAFKA_LIBS, or use ./run test e2e";
    }
    return why_not.empty();
}

void eventually(const std::string& what, const std::function<bool()>& condition,
                std::chrono::seconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) {
            fail("not in " + std::to_string(timeout.count()) + " s: " + what);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

Stack::Stack(StackOptions options) : options_(options) {
    prepare_folder();
    init_kafka();
    start("kafka");
    start("provider-simulator");
    start("park-simulator");
    create_schemas();
    wait_port("kafka", std::chrono::seconds(60));
    create_topics();
    wait_port("provider-simulator", std::chrono::seconds(30));
    write_configs();
    for (const std::string& name : services()) {
        start(name);
    }
    wait_ready();
}

Stack::~Stack() {
    for (const std::string& name : services()) {
        processes_[name].reset();
    }
    processes_.clear();
    postgres_.reset();
    if (environment("PREPAY_TEST_KEEP", "").empty()) {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
}

void Stack::prepare_folder() {
    folder_ = (fs::temp_directory_path() /
               ("prepay-e2e-" + std::to_string(getpid()) + "-" + std::to_string(test::free_port())))
                  .string();
    fs::create_directories(folder_ + "/secrets");
    fs::create_directories(folder_ + "/log");
    for (const char* name :
         {"kafka", "kafka-controller", "simulator", "provider-simulator", "smtp", "web"}) {
        ports_[name] = test::free_port();
    }
    postgres_ = std::make_unique<test::PgCluster>(folder_ + "/pg");
    ports_["postgres"] = postgres_->port();
    for (const std::string& schema : topology().schemas()) {
        ports_[schema] = test::free_port();
        ports_[schema + "-http"] = test::free_port();
    }
    if (options_.is_proxied) {
        for (const std::string& name : services()) {
            proxies_[name] = std::make_unique<test::ChaosProxy>(postgres_->port());
        }
        proxies_["kafka"] = std::make_unique<test::ChaosProxy>(port("kafka"));
    }
    if (options_.has_fake_clock) {
        for (const std::string& name : services()) {
            set_clock(name, Duration(0));
        }
    }
    write(folder_ + "/secrets/private.pem", keys_.private_pem());
    write(folder_ + "/secrets/public.pem", keys_.public_pem());
    for (const std::string& schema : topology().schemas()) {
        write(folder_ + "/secrets/" + schema + ".token",
              keys_.token(rpc::Role::kService, "prepay-" + schema));
    }
}

void Stack::create_schemas() const {
    {
        pqxx::connection admin(postgres_->url());
        pqxx::nontransaction(admin).exec("CREATE DATABASE prepay");
    }
    pqxx::connection database(postgres_->url("prepay"));
    pqxx::nontransaction session(database);
    for (const std::string& schema : topology().schemas()) {
        session.exec("CREATE ROLE prepay_" + schema + " LOGIN");
        session.exec("CREATE SCHEMA " + schema + " AUTHORIZATION prepay_" + schema);
    }
}

void Stack::init_kafka() {
    std::string properties = read(kSource + "/deploy/kafka/server.properties");
    // Clients go where the broker says it is.
    const std::string advertised = "advertised.listeners=PLAINTEXT://127.0.0.1:";
    properties.replace(properties.find(advertised + "@PORT@") + advertised.size(), 6,
                       std::to_string(port_seen("", "kafka")));
    for (const auto& [key, value] : std::map<std::string, std::string>{
             {"@PORT@", std::to_string(port("kafka"))},
             {"@CONTROLLER_PORT@", std::to_string(port("kafka-controller"))},
             {"@DATA@", folder_ + "/kafka"}}) {
        for (auto at = properties.find(key); at != std::string::npos; at = properties.find(key)) {
            properties.replace(at, key.size(), value);
        }
    }
    write(folder_ + "/server.properties", properties);
    run_to_end(java("-Xmx128m") + std::vector<std::string>{"kafka.tools.StorageTool", "format",
                                                           "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c",
                                                           folder_ + "/server.properties"},
               folder_ + "/log/kafka-format.log");
}

void Stack::create_topics() const {
    std::vector<rd_kafka_NewTopic_t*> topics;
    char error[256];
    const std::string timestamps = "message.timestamp.type";
    const auto add = [&](const std::string& name) {
        topics.push_back(
            rd_kafka_NewTopic_new(name.c_str(), topology().partitions, 1, error, sizeof(error)));
        rd_kafka_NewTopic_set_config(topics.back(), timestamps.c_str(),
                                     topology().topic_settings.at(timestamps).c_str());
    };
    for (const TopologyService& service : topology().services) {
        for (const auto& [topic, retention_days] : service.writes) {
            add(topic);
        }
        for (const std::string& topic : service.reads) {
            add(topic + ".dlq." + service.schema);
        }
    }
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers",
                      ("127.0.0.1:" + std::to_string(port("kafka"))).c_str(), error, sizeof(error));
    rd_kafka_t* handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    rd_kafka_queue_t* queue = rd_kafka_queue_new(handle);
    rd_kafka_CreateTopics(handle, topics.data(), topics.size(), nullptr, queue);
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue, 60'000);
    if (event == nullptr) {
        fail("Kafka did not create the topics");
    }
    std::size_t count = 0;
    const auto* result = rd_kafka_event_CreateTopics_result(event);
    const auto** created = rd_kafka_CreateTopics_result_topics(result, &count);
    for (std::size_t i = 0; i < count; ++i) {
        if (rd_kafka_topic_result_error(created[i]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
            fail(std::string("topic ") + rd_kafka_topic_result_name(created[i]) + ": " +
                 rd_kafka_topic_result_error_string(created[i]));
        }
    }
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy_array(topics.data(), topics.size());
    rd_kafka_destroy(handle);
}

void Stack::write_configs() {
    const auto local = [this](const std::string& name) {
        return "\"127.0.0.1:" + std::to_string(port(name)) + "\"";
    };
    std::map<std::string, std::string> own = {
        {"metering", "packs_dir: " + kSource + "/services/metering-gateway/packs\n"},
        {"account", read(folder_ + "/provider/account-wechat.yaml")},
        {"alarm", "smtp: {url: \"smtp://127.0.0.1:" + std::to_string(port("smtp")) +
                      "\", from: energy@example.com, tls: none}\n"},
        {"console", "web: {listen: " + local("web") + "}\n"}};
    for (const TopologyService& service : topology().services) {
        const std::string& schema = service.schema;
        std::string text =
            "listen: {grpc: " + local(schema) + ", http: " + local(schema + "-http") + "}\n";
        text += "database: {url: \"postgresql://prepay_" + schema +
                "@127.0.0.1:" + std::to_string(port_seen(service.name, "postgres")) +
                "/prepay\"}\n";
        if (service.needs_kafka()) {
            text +=
                "kafka: {brokers: \"127.0.0.1:" + std::to_string(port_seen(service.name, "kafka")) +
                "\", partition_count: " + std::to_string(topology().partitions) + "}\n";
            if (options_.is_watchful) {
                text += "progress: {ask_interval: 1s, grace: 1s}\n";
            }
        }
        text += "auth:\n  public_key_file: " + folder_ +
                "/secrets/public.pem\n  service_token_file: " + folder_ + "/secrets/" + schema +
                ".token\n";
        if (schema == "console") {
            text += "  private_key_file: " + folder_ + "/secrets/private.pem\n";
        }
        text += "peers:\n";
        for (const std::string& peer : service.peers) {
            text += "  " + peer + ": " + local(peer) + "\n";
        }
        write(folder_ + "/" + service.name + ".yaml", text + own[schema]);
    }
}

std::vector<std::string> Stack::command_of(const std::string& name) const {
    if (name == "kafka") {
        return java("-Xmx256m") +
               std::vector<std::string>{"kafka.Kafka", folder_ + "/server.properties"};
    }
    if (name == "park-simulator") {
        return {kBin + "prepay-park-simulator", "--control",
                "127.0.0.1:" + std::to_string(port("simulator"))};
    }
    if (name == "provider-simulator") {
        return {kBin + "prepay-provider-simulator",
                "--keys-dir",
                folder_ + "/provider",
                "--listen",
                "127.0.0.1:" + std::to_string(port("provider-simulator")),
                "--notify-url",
                "http://127.0.0.1:" + std::to_string(port("web")) + "/callbacks/wechat",
                "--retry-ms",
                "200,500,1000,2000,2000,2000,2000,5000,5000"};
    }
    return {kBin + "prepay-" + name, "--config", folder_ + "/" + name + ".yaml"};
}

void Stack::start(const std::string& name) {
    if (name == "postgres") {
        postgres_->start();
        return;
    }
    processes_[name] = std::make_unique<ChildProcess>(
        command_of(name), folder_ + "/log/" + name + ".log", environment_of(name));
}

void Stack::kill(const std::string& name) {
    if (name == "postgres") {
        postgres_->kill();
        return;
    }
    processes_.at(name)->kill();
}

void Stack::wait_port(const std::string& name, std::chrono::seconds timeout) const {
    const int number = port(name == "park-simulator" ? "simulator" : name);
    eventually(
        name + " accepts connections", [&] { return test::accepts_connections(number); }, timeout);
}

void Stack::wait_ready(std::chrono::seconds timeout) {
    for (const TopologyService& service : topology().services) {
        std::string answer;
        const auto deadline = std::chrono::steady_clock::now() + timeout;
        while (!answers_ready(service.schema, answer)) {
            if (std::chrono::steady_clock::now() > deadline) {
                fail(service.name + " is not ready: " + answer + "\n" + log_of(service.name));
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
    }
}

bool Stack::answers_ready(const std::string& schema, std::string& answer) const {
    httplib::Client http("127.0.0.1", port(schema + "-http"));
    http.set_connection_timeout(std::chrono::seconds(1));
    http.set_read_timeout(std::chrono::seconds(3));
    const auto response = http.Get("/readyz");
    answer = response ? response->body : "no answer";
    return response && response->status == 200;
}

int Stack::port_seen(const std::string& by, const std::string& server) const {
    const auto proxy = proxies_.find(server == "kafka" ? server : by);
    return proxy == proxies_.end() ? port(server) : proxy->second->port();
}

std::string Stack::unready() const {
    std::string all;
    for (const TopologyService& service : topology().services) {
        std::string answer;
        if (!answers_ready(service.schema, answer)) {
            all += service.name + ": " + answer + "\n";
        }
    }
    return all;
}

const std::vector<std::string>& Stack::services() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const TopologyService& service : topology().services) {
            all.push_back(service.name);
        }
        return all;
    }();
    return names;
}

void Stack::signal(const std::string& name, int number) { processes_.at(name)->signal(number); }

void Stack::wipe_kafka() {
    kill("kafka");
    fs::remove_all(folder_ + "/kafka");
    init_kafka();
    start("kafka");
    wait_port("kafka", std::chrono::seconds(60));
    create_topics();
}

void Stack::cut(const std::string& name) { proxies_.at(name)->swallow(); }

void Stack::heal(const std::string& name) { proxies_.at(name)->heal(); }

void Stack::set_clock(const std::string& name, Duration ahead) {
    const std::int64_t micros = ahead.count();
    const std::string path = folder_ + "/" + name + ".clock";
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    if (!file) {
        file.open(path, std::ios::out | std::ios::binary);
    }
    file.write(reinterpret_cast<const char*>(&micros), sizeof micros);
}

std::map<std::string, std::string> Stack::environment_of(const std::string& name) const {
    const auto& names = services();
    if (!options_.has_fake_clock || std::find(names.begin(), names.end(), name) == names.end()) {
        return {};
    }
    return {{"LD_PRELOAD", PREPAY_CLOCK_SHIM},
            {"PREPAY_TEST_CLOCK_FILE", folder_ + "/" + name + ".clock"}};
}

std::unique_ptr<rpc::Client> Stack::client(const std::string& service, rpc::Role role,
                                           const std::string& account_id) const {
    rpc::ClientOptions options;
    options.address = "127.0.0.1:" + std::to_string(port(service));
    options.token = keys_.token(role, std::string("user:") + rpc::role_text(role), account_id);
    options.timeout = std::chrono::milliseconds(15'000);
    return std::make_unique<rpc::Client>(options);
}

std::string Stack::log_of(const std::string& name) const {
    const std::string text = read(folder_ + "/log/" + name + ".log");
    constexpr std::size_t kTail = 4000;
    return text.size() > kTail ? text.substr(text.size() - kTail) : text;
}

std::string Stack::run(const std::string& command) const {
    const std::string out = folder_ + "/log/command.out";
    fs::remove(out);
    run_to_end({"bash", "-o", "pipefail", "-c", "cd '" + kBin + "' && ./" + command}, out);
    return read(out);
}

}  // namespace prepay::e2e
