#include <httplib.h>
#include <pthread.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <thread>

#include "support/provider/server.h"

namespace {

using namespace prepay::provider;

int run(KeyOptions key_options, ProviderOptions options, const std::string& listen,
        bool init_only) {
    const std::size_t colon = listen.rfind(':');
    if (colon == std::string::npos) {
        std::fprintf(stderr, "--listen must be host:port\n");
        return 2;
    }
    const std::string host = listen.substr(0, colon);
    int port = std::stoi(listen.substr(colon + 1));
    // Before any thread: the signals are taken by a wait of our own.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    httplib::Server server;
    if (!init_only) {
        port = port == 0 ? server.bind_to_any_port(host)
                         : (server.bind_to_port(host, port) ? port : -1);
        if (port < 0) {
            std::fprintf(stderr, "cannot listen on %s\n", listen.c_str());
            return 1;
        }
    }
    if (key_options.base_url.empty()) {
        key_options.base_url = "http://" + host + ":" + std::to_string(port);
    }
    Keys keys = load_keys(key_options);
    if (init_only) {
        std::printf("keys are in %s\n", key_options.folder.c_str());
        return 0;
    }
    options.state_file = (std::filesystem::path(key_options.folder) / "orders.json").string();
    Provider provider(std::move(keys), options);
    serve(server, provider);
    const std::jthread listener([&server] { server.listen_after_bind(); });
    std::printf("provider simulator listening on http://%s:%d\n", host.c_str(), port);
    std::fflush(stdout);
    int received = 0;
    sigwait(&signals, &received);
    server.stop();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("A WeChat Pay v3 provider that signs and encrypts for real");
    KeyOptions key_options;
    ProviderOptions options;
    std::string listen = "127.0.0.1:18031";
    bool init_only = false;
    app.add_option("--keys-dir", key_options.folder, "Folder of keys and orders")->required();
    app.add_option("--listen", listen, "host:port; port 0 = any");
    app.add_option("--base-url", key_options.base_url, "Address the service is told");
    app.add_option("--notify-url", key_options.notify_url,
                   "Written into the files for the service");
    app.add_option("--appid", key_options.appid, "");
    app.add_option("--mchid", key_options.mchid, "");
    app.add_option("--retry-ms", options.retry_ms, "Pauses between deliveries of a notice")
        ->delimiter(',');
    app.add_option("--orders-max", options.orders_max, "Orders kept");
    app.add_flag("--init-only", init_only, "Make the key files and exit");
    // CLI11 tells of an option that is missing before one that it does not know, and of the two the
    // second is the typing error.
    app.failure_message([](const CLI::App* parsed, const CLI::Error& error) {
        std::string text = CLI::FailureMessage::simple(parsed, error);
        for (const std::string& argument : parsed->remaining()) {
            text += argument + ": nothing is called so\n";
        }
        return text;
    });
    CLI11_PARSE(app, argc, argv);
    try {
        return run(key_options, options, listen, init_only);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
