import CastCore
import CastOperations
import CastServer
import Foundation
import Logging

/// What the process finds around it: variables, those of `.env` files among them, and the log that they ask for.
enum Surroundings {
    /// The variables of the process and of the files.
    static func environment() throws -> ProgramEnvironment {
        try ProgramEnvironment(
            process: ProcessInfo.processInfo.environment, workingFolder: FileManager.default.currentDirectoryPath)
    }

    /// The same by name.
    static func variables() throws -> [String: String] { try Self.environment().values }

    /// The same for a program that runs for long: its log begins, and what nothing reads is said.
    ///
    /// - Parameter format: The flag's value, which wins over `LOG_FORMAT`.
    static func begin(logFormat format: String?) throws -> [String: String] {
        let environment = try Self.environment()
        let settings = try LogSettings(environment: environment.values, format: format)
        ProcessLog.begin(settings, environment: environment.values)
        let logger = Logger(label: "cast2md")
        for variable in environment.unknown { logger.warning("\(variable.sentence)") }
        for file in environment.openFiles {
            logger.warning("a file of variables holds secrets, and others may read it", metadata: ["file": "\(file)"])
        }
        if !environment.files.isEmpty {
            logger.info("variables read", metadata: ["files": "\(environment.files.joined(separator: ", "))"])
        }
        return environment.values
    }

    /// Where database and storage are.
    ///
    /// - Parameter data: The flag's value.
    static func places(data: String?, _ environment: [String: String]) throws -> ServerConfiguration {
        try ServerConfiguration(
            dataPath: data ?? Variables(environment).text("CAST2MD_DATA") ?? "data", environment: environment)
    }
}
