import CastCore
import CastServer
import Foundation
import Logging
import PodFleet
import RunPod
import Tailscale

extension FleetProvider {
    /// Runs a body with the provider of pods that the variables name: RunPod where there is a key, processes of this
    /// machine with `FLEET_PROVIDER=local`, else none.
    ///
    /// - Throws: `.invalid` for a provider that is not known, or a key that cannot be one.
    static func with<Result: Sendable>(
        _ environment: [String: String], data: String, logger: Logger,
        _ body: (FleetProvider?) async throws -> Result
    ) async throws -> Result {
        switch environment["FLEET_PROVIDER"]?.lowercased() ?? "" {
        case "local":
            let provider = LocalProvider(
                LocalProvider.Options(
                    folder: data + "/pods", program: Bundle.main.executablePath ?? CommandLine.arguments[0],
                    home: HomeFolder(environment: environment), environment: environment),
                logger: logger)
            return try await body(FleetProvider(provider.provider, needsTailnet: false, service: provider))
        case "", "runpod":
            guard let settings = try RunPodSettings(environment: environment) else { return try await body(nil) }
            let tailscale = try TailscaleSettings(environment: environment).map { TailscaleClient($0) }
            let client = RunPodClient(settings, logger: logger)
            let provider = FleetProvider(client.provider, needsTailnet: true, tailnet: tailscale?.tailnet)
            let result: Swift.Result<Result, any Error>
            do {
                result = .success(try await body(provider))
            } catch {
                result = .failure(error)
            }
            await client.close()
            await tailscale?.close()
            return try result.get()
        case let other:
            throw CastError(.invalid, "FLEET_PROVIDER is “\(other)”; it must be runpod or local.")
        }
    }
}
