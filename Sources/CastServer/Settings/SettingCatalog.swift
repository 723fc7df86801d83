package import CastCore
import Foundation
import PodFleet

/// A setting that a person may change while the server runs: its name on the wire, what it may be, and where it goes.
///
/// The variable of the same meaning has the same name in capitals.
package struct Setting: Sendable {
    package enum Form: Sendable, Equatable {
        case int(ClosedRange<Int>)
        case bool
        case text
        case address
    }

    package let name: String
    package let form: Form
    package let label: String
    package let description: String
    /// The unit of a number, for the page; "" for a count.
    package let unit: String
    /// Whether it counts from the next start on only.
    package let needsRestart: Bool
    let read: @Sendable (ServerConfiguration) -> JSONValue
    let write: @Sendable (Variables, inout ServerConfiguration) throws -> Void

    package var variable: String { self.name.uppercased() }

    /// The value in a configuration.
    package func value(in configuration: ServerConfiguration) -> JSONValue { self.read(configuration) }

    /// Takes the variable into the configuration, if it is given.
    ///
    /// - Throws: `.invalid` that says what it may be.
    func take(_ reader: Variables, into configuration: inout ServerConfiguration) throws {
        try self.write(reader, &configuration)
    }

    static func int(
        _ name: String, _ path: any WritableKeyPath<ServerConfiguration, Int> & Sendable, _ range: ClosedRange<Int>,
        unit: String = "", needsRestart: Bool = false, _ label: String, _ description: String
    ) -> Setting {
        Setting(
            name: name, form: .int(range), label: label, description: description, unit: unit,
            needsRestart: needsRestart, read: { .int(Int64($0[keyPath: path])) },
            write: { reader, configuration in
                if let value = try reader.int(name.uppercased(), in: range) { configuration[keyPath: path] = value }
            })
    }

    /// A number of seconds.
    static func seconds(
        _ name: String, _ path: any WritableKeyPath<ServerConfiguration, TimeInterval> & Sendable,
        _ range: ClosedRange<Int>, _ label: String, _ description: String
    ) -> Setting {
        Setting(
            name: name, form: .int(range), label: label, description: description, unit: "seconds",
            needsRestart: false, read: { .int(Int64($0[keyPath: path])) },
            write: { reader, configuration in
                guard let value = try reader.int(name.uppercased(), in: range) else { return }
                configuration[keyPath: path] = TimeInterval(value)
            })
    }

    static func bool(
        _ name: String, _ path: any WritableKeyPath<ServerConfiguration, Bool> & Sendable, _ label: String,
        _ description: String
    ) -> Setting {
        Setting(
            name: name, form: .bool, label: label, description: description, unit: "", needsRestart: false,
            read: { .bool($0[keyPath: path]) },
            write: { reader, configuration in
                if let value = try reader.bool(name.uppercased()) { configuration[keyPath: path] = value }
            })
    }

    /// A word of a certain form.
    static func word(
        _ name: String, _ path: any WritableKeyPath<ServerConfiguration, String> & Sendable,
        _ isAllowed: @escaping @Sendable (String) -> Bool, _ allowed: String, _ label: String, _ description: String
    ) -> Setting {
        Setting(
            name: name, form: .text, label: label, description: description, unit: "", needsRestart: false,
            read: { .string($0[keyPath: path]) },
            write: { reader, configuration in
                guard let text = reader.text(name.uppercased()) else { return }
                guard isAllowed(text) else {
                    throw CastError(.invalid, "\(name.uppercased()) is “\(text)”; it must be \(allowed).")
                }
                configuration[keyPath: path] = text
            })
    }

    /// One of several words.
    static func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
        _ name: String, _ path: any WritableKeyPath<ServerConfiguration, Choice> & Sendable, _ label: String,
        _ description: String
    ) -> Setting {
        Setting(
            name: name, form: .text, label: label, description: description, unit: "", needsRestart: false,
            read: { .string($0[keyPath: path].rawValue) },
            write: { reader, configuration in
                guard let text = reader.text(name.uppercased()) else { return }
                guard let choice = Choice(rawValue: text.lowercased()) else {
                    let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
                    throw CastError(.invalid, "\(name.uppercased()) is “\(text)”; it must be one of \(choices).")
                }
                configuration[keyPath: path] = choice
            })
    }

    /// A web address, or "".
    static func address(
        _ name: String, _ path: any WritableKeyPath<ServerConfiguration, String> & Sendable, _ label: String,
        _ description: String
    ) -> Setting {
        Setting(
            name: name, form: .address, label: label, description: description, unit: "", needsRestart: false,
            read: { .string($0[keyPath: path]) },
            write: { reader, configuration in
                guard let text = reader.text(name.uppercased()) else { return }
                guard let url = URL(string: text), ["http", "https"].contains(url.scheme ?? ""), url.host != nil else {
                    throw CastError(
                        .invalid,
                        "\(name.uppercased()) is “\(text)”; it must be a web address, for example https://example.org.")
                }
                configuration[keyPath: path] = text.hasSuffix("/") ? String(text.dropLast()) : text
            })
    }
}

/// Every setting that can be changed on the page and through the API.
package enum SettingCatalog {
    package static let all: [Setting] = Self.server + Self.fleet

    /// Those of GPU pods.
    package static let fleet: [Setting] = FleetSetting.allCases.map(\.setting)

    /// Those of the server itself.
    package static let server: [Setting] = [
        .int(
            "max_concurrent_downloads", \.maxConcurrentDownloads, 1...32, needsRestart: true, "Downloads at once",
            "How many audio files are fetched at the same time."),
        .int(
            "max_downloads_per_host", \.maxDownloadsPerHost, 1...32, needsRestart: true, "Downloads per host",
            "How many of them come from one host: publishers block who asks for too much."),
        .int(
            "max_transcript_download_workers", \.maxTranscriptDownloads, 1...20, needsRestart: true,
            "Transcript downloads at once", "How many publishers' transcripts are fetched at the same time."),
        .bool(
            "publisher_transcripts", \.takesPublished, "Publishers' transcripts",
            "Take the transcript that a publisher offers instead of transcribing."),
        .word(
            "second_try_model", \.secondTryModel, PodModelKeeper.isName,
            "a model's name: letters, digits, dots, dashes and one slash", "Model for second tries",
            "A doubtful transcript is made once more with this model, after all other work, and the better one is "
                + "kept. Empty makes none."),
        .choice(
            "node_audio_from_publisher", \.nodeAudioFromPublisher, "Audio from publishers",
            "Nodes fetch audio from the publisher first, and from here if that is not the same file: pods, all nodes, or "
                + "off. Feeds for paying listeners, and addresses with a password or a token, are never told."),
        .int(
            "fresh_days", \.freshDays, 0...365, unit: "days", "Fresh for",
            "An episode this young is transcribed before the archive."),
        .int(
            "feed_refresh_minutes", \.feedRefreshMinutes, 0...10_080, unit: "minutes", "Look at feeds every",
            "How often feeds are asked for new episodes; 0 asks only when told to."),
        .int(
            "audio_retention_days", \.audioRetentionDays, 0...3650, unit: "days", "Keep audio for",
            "Audio is removed so long after its transcription; 0 keeps it for ever. Audio without an address is kept."),
        .int(
            "stuck_threshold_minutes", \.stuckMinutes, 5...1440, unit: "minutes", "Stuck after",
            "A job that runs for longer is listed as stuck."),
        .seconds(
            "node_heartbeat_timeout_seconds", \.heartbeatTimeout, 10...86_400, "Node offline after",
            "A node that is silent for so long counts as offline."),
        .int(
            "remote_job_timeout_minutes", \.stalledJobMinutes, 1...10_080, unit: "minutes", "Job stands still for",
            "A job that stands still for so long is taken from its node, heartbeat or not."),
        .seconds(
            "lease_seconds", \.leaseLength, 10...86_400, "Lease",
            "A node keeps a job for so long without a heartbeat."),
        .address(
            "public_url", \.publicURL, "Public address",
            "Where people reach this server; it goes into the links of published feeds. Empty takes the request's."),
        .bool(
            "ntfy_enabled", \.ntfyEnabled, "Messages by ntfy",
            "Tell a phone when pods need somebody: money that no run explains, a pod that does not end, launches that "
                + "keep failing, a budget that is used up."),
        .address("ntfy_url", \.ntfyURL, "ntfy server", "Where messages are published."),
        .word(
            "ntfy_topic", \.ntfyTopic, { $0.wholeMatch(of: /[-_A-Za-z0-9]{1,64}/) != nil },
            "up to 64 letters, digits, - and _", "ntfy topic",
            "Whoever knows it reads the messages: choose one that nobody guesses. Empty sends none."),
    ]

    package static func named(_ name: String) -> Setting? { self.all.first { $0.name == name } }
}
