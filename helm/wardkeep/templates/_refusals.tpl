{{- /* What cannot run is refused before anything is made, every fault at once. The last two look at what runs already, so only where Helm talks to the cluster. */}}
{{- define "wardkeep.refuse" -}}
{{- $faults := list }}
{{- with .Values }}
{{- if not .url }}
{{- $faults = append $faults "url is missing: the address people open, as in --set url=https://records.example.org" }}
{{- end }}
{{- if not .image.repository }}
{{- $faults = append $faults "image.repository is missing: the image you built with helm/Dockerfile, as in --set image.repository=registry.example.org/wardkeep" }}
{{- end }}
{{- if not .rootKeys.existingSecret }}
{{- $faults = append $faults (printf "rootKeys.existingSecret is missing: the Secret with the root key, without which no patient's data can be read. This chart never makes one, since you alone hold it. Make it with: WARDKEEP_ROOT_KEYS_FILE=./root.key wardkeep keys init; copy root.key into your escrow; then: kubectl --namespace %s create secret generic wardkeep-root-keys --from-file=root.key; and --set rootKeys.existingSecret=wardkeep-root-keys" $.Release.Namespace) }}
{{- end }}
{{- if not .tls.existingSecret }}
{{- $faults = append $faults (printf "tls.existingSecret is missing: the Secret with the certificate. cert-manager makes one, or: kubectl --namespace %s create secret tls wardkeep-tls --cert=chain.pem --key=key.pem" $.Release.Namespace) }}
{{- end }}
{{- if and (gt (int .replicas) 1) (not .database.existingSecret) }}
{{- $faults = append $faults (printf "replicas is %d, but the bundled PostgreSQL serves one program alone: set replicas=1, or database.existingSecret for a PostgreSQL of your own" (int .replicas)) }}
{{- end }}
{{- if and .backup.existingClaim .database.existingSecret }}
{{- $faults = append $faults "backup.existingClaim is for the bundled PostgreSQL; one of your own is backed up by its own means" }}
{{- end }}
{{- if and .plugins.existingClaim (not .settings.WARDKEEP_PLUGIN_PUBLISHERS) }}
{{- $faults = append $faults "plugins.existingClaim needs settings.WARDKEEP_PLUGIN_PUBLISHERS: whose signatures count" }}
{{- end }}
{{- if and (eq (.settings.WARDKEEP_TRUST_PROXY | default "false") "true") .networkPolicy.enabled (not .networkPolicy.from) }}
{{- $faults = append $faults "settings.WARDKEEP_TRUST_PROXY needs networkPolicy.from: who reaches the program past the proxy could claim any address, in the audit log too" }}
{{- end }}
{{- end }}
{{- if .Release.IsUpgrade }}
{{- $name := include "wardkeep.name" . }}
{{- if lookup "apps/v1" (ternary "StatefulSet" "Deployment" (ne .Values.database.existingSecret "")) .Release.Namespace $name }}
{{- $faults = append $faults "database.existingSecret would move this installation to another database, which an upgrade does not fill: dump and restore it, then uninstall and install" }}
{{- end }}
{{- with lookup "apps/v1" "Deployment" .Release.Namespace $name }}
{{- if and (gt (int .status.replicas) 0) (ne (index .spec.template.spec.containers 0).image (include "wardkeep.image" $)) }}
{{- $faults = append $faults (printf "programs of the version that runs now must end before the next one migrates the database. Back up, then: kubectl --namespace %s scale deployment/%s --replicas=0; kubectl --namespace %s wait --for=delete pod --selector=app.kubernetes.io/instance=%s,app.kubernetes.io/component=server --timeout=5m; and this command again, which starts them" $.Release.Namespace $name $.Release.Namespace $.Release.Name) }}
{{- end }}
{{- end }}
{{- end }}
{{- if $faults }}
{{- fail (printf "\n\nWardkeep cannot be installed like this:\n  - %s\n" (join "\n  - " $faults)) }}
{{- end }}
{{- end }}
