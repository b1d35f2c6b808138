#include "common/config/config.hpp"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "common/cli/app.hpp"
#include "common/config/flags.hpp"

namespace esteira::config {
namespace {

namespace fs = std::filesystem;

// A folder of its own with a configuration file in it.
class ConfigFile {
public:
    explicit ConfigFile(const std::string& text, fs::perms mode = fs::perms::owner_read) {
        std::string pattern = (fs::temp_directory_path() / "esteira-config-XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
        std::ofstream{path()} << text;
        fs::permissions(path(), mode);
    }
    ~ConfigFile() { fs::remove_all(folder_); }
    ConfigFile(const ConfigFile&) = delete;
    ConfigFile& operator=(const ConfigFile&) = delete;

    fs::path path() const { return folder_ / "esteira.toml"; }

private:
    fs::path folder_;
};

constexpr auto kReadableByAll =
    fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read;

std::string reason(const Sources& sources) {
    try {
        static_cast<void>(load(sources));
    } catch (const ConfigError& error) {
        return error.what();
    }
    return "accepted";
}

std::string parse_reason(const std::string& text) {
    try {
        static_cast<void>(parse(text, "f.toml"));
    } catch (const ConfigError& error) {
        return error.what();
    }
    return "accepted";
}

TEST(Config, TheShippedFileShowsTheDefaults) {
    std::stringstream text;
    text << std::ifstream{ESTEIRA_SOURCE_DIR "/config/esteira.toml"}.rdbuf();
    EXPECT_EQ(parse(text.str(), "esteira.toml"), Config{});
    Loaded loaded;
    for (const Shown& shown : show(loaded)) {
        const std::string name = shown.key.substr(shown.key.rfind('.') + 1);
        EXPECT_NE(text.str().find("\n" + name + " = "), std::string::npos) << shown.key;
    }
}

TEST(Config, AnUnknownKeyIsAnErrorWithItsLine) {
    EXPECT_EQ(parse_reason("[broker]\n\nendpont = \"x\"\n"),
              "f.toml:3: unknown key broker.endpont");
    EXPECT_EQ(parse_reason("endpoint = \"x\"\n"), "f.toml:1: unknown key endpoint");
    EXPECT_EQ(parse_reason("\n[brokr]\nendpoint = \"x\"\n"), "f.toml:2: unknown section [brokr]");
    EXPECT_EQ(parse_reason("[workers.x]\nqueu = \"a\"\n"), "f.toml:2: unknown key workers.x.queu");
    EXPECT_EQ(parse_reason("[workers]\npool_min = 2\n"), "f.toml:2: unknown key workers.pool_min");
    EXPECT_EQ(parse_reason("[workers.\"X Y\"]\nqueue = \"a\"\n"),
              "f.toml:2: unknown key workers.X Y.queue");
}

TEST(Config, AWrongTypeOrRangeIsAnErrorWithItsLine) {
    EXPECT_EQ(parse_reason("[broker]\nendpoint = 5\n"),
              "f.toml:2: broker.endpoint must be text in quotes");
    EXPECT_EQ(parse_reason("[broker]\nendpoint = true\n"),
              "f.toml:2: broker.endpoint must be text in quotes");
    EXPECT_EQ(parse_reason("[broker]\nendpoint = \"\"\n"),
              "f.toml:2: broker.endpoint must not be empty");
    EXPECT_EQ(parse_reason("[broker]\nqueue_mib_max = \"5\"\n"),
              "f.toml:2: broker.queue_mib_max must be a whole number");
    EXPECT_EQ(parse_reason("[broker]\nqueue_mib_max = 1.5\n"),
              "f.toml:2: broker.queue_mib_max must be a whole number");
    EXPECT_EQ(parse_reason("[broker]\nqueue_mib_max = 0\n"),
              "f.toml:2: broker.queue_mib_max must be from 1 to 1073741824");
    EXPECT_EQ(parse_reason("[log]\nlevel = \"loud\"\n"),
              "f.toml:2: log.level must be one of: debug, info, warning, error");
    EXPECT_EQ(parse_reason("[broker]\nendpoint = \n").rfind("f.toml:2: ", 0), 0u);
}

TEST(Config, FlagsBeatTheEnvironmentWhichBeatsTheFile) {
    const ConfigFile file{
        "[broker]\nqueue_mib_max = 1\ntotal_mib_max = 600\n[log]\nlevel=\"debug\""};
    Sources sources{.file = file.path(),
                    .environment = {"ESTEIRA__BROKER__TOTAL_MIB_MAX=700",
                                    "ESTEIRA__LOG__LEVEL=info", "ESTEIRA_VAR=/v", "HOME=/x"},
                    .assignments = {"log.level=error"}};
    const Loaded loaded = load(sources);
    EXPECT_EQ(loaded.config.broker.queue_mib_max, 1);
    EXPECT_EQ(loaded.config.broker.total_mib_max, 700);
    EXPECT_EQ(loaded.config.log.level, "error");
    EXPECT_EQ(loaded.origins.at("broker.queue_mib_max"), file.path().string() + ":2");
    EXPECT_EQ(loaded.origins.at("broker.total_mib_max"), "ESTEIRA__BROKER__TOTAL_MIB_MAX");
    EXPECT_EQ(loaded.origins.at("log.level"), "--set log.level");
    EXPECT_EQ(loaded.origins.count("business.zone"), 0u);
}

TEST(Config, AVariableOrFlagThatNobodyKnowsIsAnError) {
    const ConfigFile file{""};
    EXPECT_EQ(reason({.file = file.path(), .environment = {"ESTEIRA__BROKER__ENDPONT=x"}}),
              "ESTEIRA__BROKER__ENDPONT: unknown key broker.endpont");
    EXPECT_EQ(reason({.file = file.path(), .environment = {"ESTEIRA__BROKER__QUEUE_MIB_MAX=1x"}}),
              "ESTEIRA__BROKER__QUEUE_MIB_MAX: broker.queue_mib_max must be a whole number");
    EXPECT_EQ(reason({.file = file.path(), .assignments = {"broker.endpont=x"}}),
              "--set broker.endpont: unknown key broker.endpont");
    EXPECT_EQ(reason({.file = file.path(), .assignments = {"broker"}}),
              "--set needs SECTION.KEY=VALUE");
}

TEST(Config, AWorkerTypeIsMadeByItsSection) {
    EXPECT_EQ(parse("[workers.x-ray]\nbatch_max = 7\n", "f").workers.at("x-ray"),
              (Workers{.queue = "x-ray", .batch_max = 7}));
    const ConfigFile file{""};
    const Loaded loaded =
        load({.file = file.path(), .environment = {"ESTEIRA__WORKERS__UPSERT_STOCK__BATCH_MAX=9"}});
    EXPECT_EQ(loaded.config.workers.at("upsert-stock").batch_max, 9);
}

TEST(Config, RelativePathsAreRelativeToTheVarFolder) {
    const ConfigFile file{"[broker]\ndata = \"/abs\"\nops_socket = \"run/o\"\n"};
    const Loaded loaded = load({.file = file.path(), .environment = {"ESTEIRA_VAR=/v/../w"}});
    EXPECT_EQ(loaded.config.broker.data, "/abs");
    EXPECT_EQ(loaded.config.broker.ops_socket, "/w/run/o");
}

TEST(Config, AFileWithAPasswordMustNotBeReadableByOthers) {
    const std::string text = "[postgres]\nurl = \"host=x password=hunter2\"\n";
    const ConfigFile open{text, kReadableByAll};
    const ConfigFile closed{text};
    const ConfigFile harmless{"[postgres]\nurl = \"host=/run/x\"\n", kReadableByAll};
    EXPECT_NE(reason({.file = open.path()}).find("holds a password"), std::string::npos);
    EXPECT_EQ(reason({.file = closed.path()}), "accepted");
    EXPECT_EQ(reason({.file = harmless.path()}), "accepted");
}

TEST(Config, PasswordsAreNeitherShownNorTakenFromTheCommandLine) {
    for (const std::string url : {"host=x password=hunter2", "postgresql://u:hunter2@h/db",
                                  "postgres://h/d?password=hunter2", "host=x PASSWORD = 'hunter2'",
                                  "postgresql://u:hunt@er2@h/db"}) {
        Loaded loaded;
        loaded.config.postgres.url = Secret{url};
        for (const Shown& shown : show(loaded)) {
            EXPECT_EQ(shown.value.find("er2"), std::string::npos) << shown.value;
        }
        EXPECT_EQ(reason({.assignments = {"postgres.url=" + url}}).find("er2"), std::string::npos);
        EXPECT_NE(reason({.assignments = {"postgres.url=" + url}}).find("command line"),
                  std::string::npos);
    }
    EXPECT_FALSE(has_password("host=/run/esteira dbname=esteira user=esteira"));
    EXPECT_FALSE(has_password("postgresql://u@h:5432/db"));
}

TEST(Config, AMissingFileIsAnErrorWhenItWasNamed) {
    EXPECT_EQ(reason({.file = "/nowhere/esteira.toml"}), "/nowhere/esteira.toml: cannot be read");
    EXPECT_EQ(reason({.environment = {"ESTEIRA_CONFIG=/nowhere/x.toml"}}),
              "/nowhere/x.toml: cannot be read");
}

TEST(Config, SetMayBeRepeatedAndTakesOneValueEachTime) {
    CLI::App app{"Test.", "test"};
    Sources sources;
    add_flags(app, sources);
    std::string rest;
    app.add_option("rest", rest);
    const char* words[] = {"test", "--set", "a.b=1", "--set", "c.d=2", "word", "--config", "f"};
    EXPECT_EQ(cli::run(app, 8, words, [] { return cli::ExitCode::ok; }), 0);
    EXPECT_EQ(sources.assignments, (std::vector<std::string>{"a.b=1", "c.d=2"}));
    EXPECT_EQ(rest, "word");
    EXPECT_EQ(sources.file, "f");
}

}  // namespace
}  // namespace esteira::config
