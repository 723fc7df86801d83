package import CastCore
import Foundation

extension RunPodClient {
    /// The GPU types and their terms in each of the clouds that are asked for.
    package func offers(_ query: OfferQuery) async throws(ProviderFailure) -> [GPUOffer] {
        var offers: [GPUOffer] = []
        for cloud in query.clouds {
            // Stock is told for one cloud at a time.
            var parameters = [
                ("include", "AVAILABILITY"), ("product", "POD"), ("count", "1"), ("cloud", cloud.wireName),
            ]
            if let cuda = query.minimumCUDA { parameters.append(("minCudaVersion", cuda.description)) }
            let answer = try await self.transport.perform(.read("/v2/catalog/gpus", parameters))
            guard let entries = try Self.object(answer, .read).array("gpus") else {
                throw ProviderFailure(
                    .unavailable, "RunPod's catalogue holds no GPUs.", requestID: answer.requestID,
                    status: answer.status)
            }
            for entry in entries {
                guard let gpu = WireObject(entry), let id = gpu.name("id"), id != "unknown",
                    let terms = GPUOffer.Terms(gpu, cloud)
                else { continue }
                if let index = offers.firstIndex(where: { $0.id.rawValue == id }) {
                    offers[index].terms[cloud] = terms
                } else {
                    offers.append(
                        GPUOffer(
                            id: GPUID(id), displayName: gpu.name("name") ?? id,
                            memoryGB: gpu.number("memory").flatMap { Int(exactly: $0.rounded()) },
                            terms: [cloud: terms]))
                }
            }
        }
        return offers
    }
}

extension GPUOffer.Terms {
    /// Nil when the type does not exist in that cloud.
    init?(_ gpu: WireObject, _ cloud: Cloud) {
        let name = cloud.rawValue
        guard gpu.bool(name) != false else { return nil }
        var places: [DataCentreID: GPUOffer.Stock] = [:]
        for place in gpu.array("dataCenters") ?? [] {
            guard let place = WireObject(place), let id = place.name("id"),
                let stock = place.string("availability").flatMap(GPUOffer.Stock.init(wireName:))
            else { continue }
            places[DataCentreID(id)] = stock
        }
        let versions = (gpu.array("cudaVersions") ?? []).compactMap { entry -> CUDAVersion? in
            guard let entry = WireObject(entry), entry.bool("available") != false else { return nil }
            return entry.string("version").flatMap { CUDAVersion($0) }
        }
        self.init(
            pricePerHour: gpu.object("price")?.money(name),
            stock: gpu.string("availability").flatMap(GPUOffer.Stock.init(wireName:)), dataCentres: places,
            cudaVersions: versions.sorted())
    }
}

extension GPUOffer.Stock {
    init?(wireName: String) {
        switch wireName.uppercased() {
        case "NONE": self = .none
        case "LOW": self = .low
        case "MEDIUM": self = .medium
        case "HIGH": self = .high
        default: return nil
        }
    }
}
