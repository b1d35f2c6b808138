#include "common/config/flags.hpp"

namespace esteira::config {

void add_flags(CLI::App& app, Sources& sources) {
    sources.environment = own_environment();
    app.add_option("--config", sources.file, "Configuration file (else ESTEIRA_CONFIG)")
        ->type_name("FILE");
    app.add_option("--set", sources.assignments, "Set one key of the configuration")
        ->type_name("SECTION.KEY=VALUE")
        ->allow_extra_args(false);  // One value each time; --set may be repeated.
}

}  // namespace esteira::config
