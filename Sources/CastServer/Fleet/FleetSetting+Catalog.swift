import CastCore
import PodFleet

extension FleetSetting {
    /// The setting as the page and the API know all settings.
    var setting: Setting {
        Setting.fleet(self, self.form)
    }

    private var form: Setting.Form {
        switch self {
        case .enabled, .autoScale: .bool
        case .maxPods: .int(0...100)
        case .scaleThreshold: .int(1...100_000)
        case .podsPerThreshold: .int(1...100)
        case .minimumMemory: .int(0...1000)
        case .idleTimeout: .int(1...1440)
        case .maxLifetime: .int(1...168)
        case .disk: .int(10...2000)
        case .scaleStrategy, .finishBy, .uplinkMegabits, .gpuType, .blockedGPUs, .clouds, .minimumCUDA, .priceCeiling,
            .model, .budgetPerHour, .budgetPerDay, .budgetPerMonth, .image, .startCommand, .workerURL,
            .serverURL, .serverIP:
            .text
        }
    }

    var label: String {
        switch self {
        case .enabled: "Pods"
        case .maxPods: "Most pods"
        case .autoScale: "Scale by itself"
        case .scaleThreshold: "Scale threshold"
        case .podsPerThreshold: "Pods for a threshold"
        case .scaleStrategy: "How to scale"
        case .finishBy: "Done by"
        case .uplinkMegabits: "Uplink"
        case .gpuType: "Preferred GPU"
        case .blockedGPUs: "Blocked GPUs"
        case .clouds: "Clouds"
        case .minimumMemory: "Least GPU memory"
        case .minimumCUDA: "Oldest CUDA"
        case .priceCeiling: "Highest price an hour"
        case .model: "Model of pods"
        case .idleTimeout: "Leave when idle for"
        case .maxLifetime: "Longest life"
        case .budgetPerHour: "Budget an hour"
        case .budgetPerDay: "Budget a day"
        case .budgetPerMonth: "Budget a month"
        case .image: "Image"
        case .disk: "Disk"
        case .startCommand: "Start command"
        case .workerURL: "Worker program from"
        case .serverURL: "Address of this server for pods"
        case .serverIP: "Tailnet address of this server"
        }
    }
}

extension Setting {
    /// A setting of the fleet; all of them are checked together, as the fleet will read them.
    fileprivate static func fleet(_ setting: FleetSetting, _ form: Form) -> Setting {
        Setting(
            name: setting.rawValue, form: form, label: setting.label, description: setting.summary,
            unit: setting.unit, needsRestart: false,
            read: { configuration in
                let text = configuration.fleetVariables[setting.variable] ?? setting.standard
                switch form {
                case .bool: return .bool(["1", "true", "yes", "on"].contains(text.lowercased()))
                case .int: return Int64(text).map { .int($0) } ?? .string(text)
                case .text, .address: return .string(text)
                }
            },
            write: { reader, configuration in
                guard let text = reader.text(setting.variable) else { return }
                var variables = configuration.fleetVariables
                variables[setting.variable] = text
                configuration.fleet = try FleetSettings(Variables(variables))
                configuration.fleetVariables = variables
            })
    }
}
