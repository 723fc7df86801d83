import CastAPI
import CastClient
import CastCore
import CastServer
import Foundation

/// The server: whether it answers, is well, has this version and this time; and whether its port is its own.
enum ServerCheck {
    /// What the server said.
    struct Answer: Sendable, Equatable {
        var health: HealthResponse
        /// Its clock; nil when it sent no time.
        var date: Date?
    }

    static func findings(_ world: DoctorWorld, isServer: Bool, isNode: Bool) async -> [Finding] {
        let before = world.now()
        do {
            let answer = try await Self.ask(world)
            let between = before.addingTimeInterval(world.now().timeIntervalSince(before) / 2)
            return Self.findings(answer, at: between, place: world.server.absoluteString)
        } catch {
            let isHeld = isServer && Self.isLocked(world.dataPath)
            return Self.silence(
                error, place: world.server.absoluteString, isExpected: world.isServerNamed || isNode || isHeld,
                isHeld: isHeld, isPortTaken: Self.isPortTaken(world.server))
        }
    }

    private static func ask(_ world: DoctorWorld) async throws -> Answer {
        try await Connections.with(to: world.server, environment: world.environment.values) { connections in
            let client = CastClient(server: world.server, connections: connections)
            let (health, date) = try await client.getWithDate(
                "/api/health", as: HealthResponse.self, alsoStatus: 503, timeout: .seconds(10))
            return Answer(health: health, date: date)
        }
    }

    static func findings(_ answer: Answer, at now: Date, place: String) -> [Finding] {
        var findings: [Finding] = []
        if answer.health.database, answer.health.storage {
            findings.append(.ok(.server, "\(place) is healthy, version \(answer.health.version)."))
        } else {
            findings.append(
                .problem(
                    .server, "\(place) answers that it is not well: \(answer.health.message ?? "it says no more").",
                    mend: "See what this command says on the server's machine, and the server's log."))
        }
        if answer.health.version != castVersion {
            findings.append(
                .warning(
                    .server, "The server has version \(answer.health.version), this program \(castVersion).",
                    mend: "Upgrade both to the same version; the server first."))
        }
        return findings + [Self.clock(answer.date, at: now)].compactMap(\.self)
    }

    /// Seconds; the header knows no fractions, and the answer took its time.
    static let warningSkew: TimeInterval = 30
    static let problemSkew: TimeInterval = 600

    /// What the server's clock says beside ours.
    static func clock(_ date: Date?, at now: Date) -> Finding? {
        guard let date else { return nil }
        let skew = date.timeIntervalSince(now)
        let sentence =
            "The server's clock is \(Int(abs(skew).rounded())) seconds \(skew > 0 ? "before" : "behind") ours."
        let mend = "Have both machines keep time: timedatectl set-ntp true"
        if abs(skew) > Self.problemSkew { return .problem(.clock, sentence, mend: mend) }
        if abs(skew) > Self.warningSkew { return .warning(.clock, sentence, mend: mend) }
        return .ok(.clock, "The server's clock and ours agree.")
    }

    /// - Parameters:
    ///   - isExpected: Whether somebody relies on a server there.
    ///   - isHeld: Whether a server has the data folder of this machine.
    static func silence(
        _ error: any Error, place: String, isExpected: Bool, isHeld: Bool, isPortTaken: Bool
    ) -> [Finding] {
        let reason = (error as? CastError)?.message ?? "\(error)"
        if isPortTaken, !isHeld {
            return [
                .problem(
                    .port, "Another program listens where \(place) should be: \(reason)",
                    mend: "Stop it, or use another port: cast2md serve --port 8010")
            ]
        }
        guard isExpected else {
            return [.warning(.server, "No server runs at \(place).", mend: "Start it: cast2md serve")]
        }
        let hint =
            isHeld
            ? "A server has the data folder, perhaps on another port: name it by --server. Else see its log."
            : "Start it (systemctl start cast2md, or cast2md serve), or name another one by --server."
        return [.problem(.server, "\(place) does not answer: \(reason)", mend: hint)]
    }

    private static func isLocked(_ folder: String) -> Bool {
        guard FileManager.default.fileExists(atPath: folder + "/cast2md.lock") else { return false }
        do {
            _ = try DataLock(folder: folder)
            return false
        } catch let error as CastError {
            return error.code == .conflict
        } catch {
            return false
        }
    }

    /// Whether something on this machine listens at the server's port, whatever it speaks.
    private static func isPortTaken(_ server: URL) -> Bool {
        guard ["127.0.0.1", "localhost", "::1"].contains(server.host ?? ""), let port = server.port else {
            return false
        }
        return (try? FreePort.find(from: port, tries: 1)) == nil
    }
}
