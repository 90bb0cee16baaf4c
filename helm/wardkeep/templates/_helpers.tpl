{{- define "wardkeep.name" -}}
{{- ternary .Release.Name (printf "%s-wardkeep" .Release.Name) (contains "wardkeep" .Release.Name) | trunc 45 | trimSuffix "-" }}
{{- end }}

{{- define "wardkeep.selector" -}}
app.kubernetes.io/name: wardkeep
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "wardkeep.labels" -}}
{{ include "wardkeep.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "wardkeep.image" -}}
{{- with .Values.image }}{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}{{ end }}
{{- end }}

{{- /* What every pod has alike. The user is the image's own; the group of the volumes reads the secrets, which belong to root. */}}
{{- define "wardkeep.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false # a Service named wardkeep would set WARDKEEP_PORT to an URL
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch # or each start would open the data folder to the group
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "wardkeep.container" -}}
image: {{ include "wardkeep.image" . }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
resources: {{- toYaml .Values.resources | nindent 2 }}
{{- end }}

{{- /* Secrets come as files, never as values. */}}
{{- define "wardkeep.env" -}}
- name: WARDKEEP_URL
  value: {{ .Values.url | quote }}
- name: WARDKEEP_ROOT_KEYS_FILE
  value: /secrets/root.key
{{- if .Values.database.existingSecret }}
- name: WARDKEEP_DATABASE_APP_URL_FILE
  value: /secrets/app-url
- name: WARDKEEP_DATABASE_JOBS_URL_FILE
  value: /secrets/jobs-url
{{- end }}
{{- if .Values.authorities.existingConfigMap }}
- name: NODE_EXTRA_CA_CERTS
  value: /authorities/ca.crt
{{- end }}
{{- if .Values.plugins.existingClaim }}
- name: WARDKEEP_PLUGIN_DIR
  value: /operator/plugins
{{- end }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "wardkeep.mounts" -}}
- name: secrets
  mountPath: /secrets
  readOnly: true
- name: tmp
  mountPath: /tmp
{{- if .Values.authorities.existingConfigMap }}
- name: authorities
  mountPath: /authorities
  readOnly: true
{{- end }}
{{- if .Values.plugins.existingClaim }}
- name: plugins
  mountPath: /operator
  readOnly: true
{{- end }}
{{- end }}

{{- /* Of a list (root, secrets): secrets maps the name of a Secret to the keys that are mounted of it, and no others. */}}
{{- define "wardkeep.volumes" -}}
{{- $ := index . 0 -}}
- name: secrets
  projected:
    defaultMode: 288 # 0440
    sources:
      {{- range index . 1 }}
      {{- if .name }}
      - secret:
          name: {{ .name | quote }}
          items:
            {{- range .keys }}
            - {key: {{ . }}, path: {{ . }}}
            {{- end }}
      {{- end }}
      {{- end }}
- name: tmp
  emptyDir:
    sizeLimit: 1Gi
{{- with $.Values.authorities.existingConfigMap }}
- name: authorities
  configMap:
    name: {{ . | quote }}
{{- end }}
{{- with $.Values.plugins.existingClaim }}
- name: plugins
  persistentVolumeClaim:
    claimName: {{ . | quote }}
    readOnly: true
{{- end }}
{{- end }}
